import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

const FOLDER = resolve(import.meta.dirname, '../../grafana/provisioning/alerting');
const DATA_SOURCES = ['prometheus', 'questdb'] as const;

/** One rule: what it asks and when that is a reason to fire. */
export interface AlertRule {
  readonly uid: string;
  readonly title: string;
  readonly source: (typeof DATA_SOURCES)[number];
  /** PromQL or SQL. */
  readonly query: string;
  readonly relativeFromMs: number;
  readonly annotations: Readonly<Record<string, string>>;
  fires(value: number): boolean;
}

interface RuleYaml {
  readonly uid: string;
  readonly title: string;
  readonly condition: string;
  readonly for: string;
  readonly noDataState: string;
  readonly execErrState: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: readonly {
    readonly refId: string;
    readonly datasourceUid: string;
    readonly relativeTimeRange?: { readonly from: number; readonly to: number };
    readonly model: Readonly<Record<string, unknown>>;
  }[];
}

/** The rules of a file as Grafana reads them; throws where it would refuse one or understand it otherwise. */
export function readAlertRules(file: string): AlertRule[] {
  const { apiVersion, groups } = parse(readFileSync(resolve(FOLDER, file), 'utf8')) as {
    apiVersion: number;
    groups: readonly { name: string; folder: string; interval: string; rules: readonly RuleYaml[] }[];
  };
  if (apiVersion !== 1) throw new Error('apiVersion is not 1');
  return groups.flatMap(({ name, folder, interval, rules }) => {
    if (!name || !folder || !/^\d+m$/.test(interval)) throw new Error(`group ${name}`);
    return rules.map(readRule);
  });
}

function readRule(rule: RuleYaml): AlertRule {
  const { uid, title, data, annotations } = rule;
  const [asked, threshold, ...more] = data;
  const fail = (what: string): never => {
    throw new Error(`${uid}: ${what}`);
  };
  if (!/^[a-z-]{1,40}$/.test(uid) || !title) fail('uid or title');
  if (!/^\d+[sm]$/.test(rule.for)) fail('for');
  if (!['OK', 'Alerting', 'NoData'].includes(rule.noDataState)) fail('noDataState');
  if (!['OK', 'Alerting', 'Error'].includes(rule.execErrState)) fail('execErrState');
  if (!['critical', 'warning', 'info'].includes(rule.labels.severity)) fail('severity');
  if (!annotations['summary'] || !annotations['description']) fail('annotations');
  // Grafana takes a dollar for a variable of its environment.
  if (Object.values(annotations).some((text) => text.includes('$'))) fail('a dollar in an annotation');
  if (asked === undefined || threshold === undefined || more.length > 0) return fail('two steps');
  const source = DATA_SOURCES.find((each) => each === asked.datasourceUid) ?? fail('data source');
  const query = asked.model[source === 'questdb' ? 'rawSql' : 'expr'];
  if (typeof query !== 'string' || asked.refId !== asked.model['refId']) return fail('query');
  if (source === 'questdb' && asked.model['format'] !== 1) fail('rows of numbers are a table');
  if (source === 'prometheus' && asked.model['instant'] !== true) fail('an alert is about now');
  const fires = readThreshold(threshold) ?? fail('threshold');
  if (rule.condition !== threshold.refId || threshold.model['expression'] !== asked.refId) fail('condition');
  const relativeFromMs = (asked.relativeTimeRange?.from ?? 0) * 1000;
  return { uid, title, source, query, relativeFromMs, annotations, fires };
}

function readThreshold({
  datasourceUid,
  model,
}: RuleYaml['data'][number]): ((value: number) => boolean) | null {
  if (datasourceUid !== '__expr__' || model['type'] !== 'threshold') return null;
  const [{ evaluator }] = model['conditions'] as [{ evaluator: { type: string; params: [number] } }];
  const [limit] = evaluator.params;
  if (evaluator.type === 'gt') return (value) => value > limit;
  if (evaluator.type === 'lt') return (value) => value < limit;
  return null;
}
