import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { isInstalled } from '../api/metrics/installed.ts';
import { readAlertRules } from './alert-rules.ts';

const RULES = readAlertRules('headcount-prometheus.yaml');

/** Series a minute apart from Thursday, 1 January 1970, 00:00 on, in promtool's notation. */
interface Case {
  readonly when: string;
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** What the rule asks gives this, by series. */
  readonly values: Readonly<Record<string, number>>;
  readonly fires: boolean;
}

/** A metric of an instance that stays the same for a week. */
const always = (metric: string, value: number) => ({ [metric]: `${value}x10080` });
const IN = 'instance="hc:9999"';

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'headcount-down': [
    {
      when: 'it answers',
      series: always(`up{job="headcount",${IN}}`, 1),
      at: '1h',
      values: { [`{${IN}}`]: 1 },
      fires: false,
    },
    {
      when: 'it does not',
      series: always(`up{job="headcount",${IN}}`, 0),
      at: '1h',
      values: { [`{${IN}}`]: 0 },
      fires: true,
    },
  ],
  'headcount-host-silent': silentHost(),
  'headcount-site-silent': [
    {
      when: 'it was heard of half a minute ago',
      series: always(`headcount_edge_last_seen_timestamp_seconds{${IN},site="berlin",edge="e1"}`, 3_570),
      at: '1h',
      values: { '{site="berlin",edge="e1"}': 30 },
      fires: false,
    },
    {
      when: 'it was heard of two minutes ago',
      series: always(`headcount_edge_last_seen_timestamp_seconds{${IN},site="berlin",edge="e1"}`, 3_480),
      at: '1h',
      values: { '{site="berlin",edge="e1"}': 120 },
      fires: true,
    },
  ],
  'headcount-partition-without-owner': [
    {
      when: 'every partition has an owner',
      series: always(`headcount_partitions_without_owner{${IN}}`, 0),
      at: '1h',
      values: { [`{${IN}}`]: 0 },
      fires: false,
    },
    {
      when: 'two have none',
      series: always(`headcount_partitions_without_owner{${IN}}`, 2),
      at: '1h',
      values: { [`{${IN}}`]: 2 },
      fires: true,
    },
  ],
  'headcount-kernel-drops': [
    {
      when: 'none came',
      series: always(`headcount_kernel_dropped_total{${IN},receiver="udp"}`, 7),
      at: '1h',
      values: { [`{${IN},receiver="udp"}`]: 0 },
      fires: false,
    },
    {
      when: 'some came',
      series: { [`headcount_kernel_dropped_total{${IN},receiver="udp"}`]: '0+1x60' },
      at: '1h',
      values: { [`{${IN},receiver="udp"}`]: 10 },
      fires: true,
    },
  ],
  'headcount-ring-drops': [
    {
      when: 'none came',
      series: always(`headcount_ring_dropped_total{${IN},receiver="udp"}`, 7),
      at: '1h',
      values: { [`{${IN},receiver="udp"}`]: 0 },
      fires: false,
    },
    {
      when: 'some came',
      series: { [`headcount_ring_dropped_total{${IN},receiver="udp"}`]: '0+1x60' },
      at: '1h',
      values: { [`{${IN},receiver="udp"}`]: 10 },
      fires: true,
    },
  ],
  'headcount-rows-missing': [
    {
      when: 'every line came since',
      series: always(`headcount_rows_missing_total{${IN},host="qs1"}`, 7),
      at: '1h',
      values: { [`{${IN},host="qs1"}`]: 0 },
      fires: false,
    },
    {
      when: 'some did not',
      series: { [`headcount_rows_missing_total{${IN},host="qs1"}`]: '0+1x60' },
      at: '1h',
      values: { [`{${IN},host="qs1"}`]: 10 },
      fires: true,
    },
  ],
  'headcount-estimated': [
    {
      when: 'the store is new',
      series: {
        ...always(`headcount_counts_estimated_reason{${IN},reason="warming_up"}`, 1),
        ...always(`headcount_counts_estimated_reason{${IN},reason="drops"}`, 0),
      },
      at: '1h',
      values: { [`{${IN},reason="drops"}`]: 0 },
      fires: false,
    },
    {
      when: 'datagrams were dropped',
      series: always(`headcount_counts_estimated_reason{${IN},reason="drops"}`, 1),
      at: '1h',
      values: { [`{${IN},reason="drops"}`]: 1 },
      fires: true,
    },
    {
      when: 'lines of a node are missing',
      series: always(`headcount_counts_estimated_reason{${IN},reason="gap"}`, 1),
      at: '1h',
      values: { [`{${IN},reason="gap"}`]: 1 },
      fires: true,
    },
  ],
  'headcount-storm': gauge('headcount_storms', `${IN},host="qs1"`, 0, 2),
  'headcount-journal-failing': gauge('headcount_journal_failing', IN, 0, 1),
  'headcount-sink-down': gauge('headcount_sink_up', `${IN},sink="questdb"`, 1, 0),
  'headcount-sink-lag': gauge('headcount_sink_lag_seconds', `${IN},sink="questdb"`, 300, 301),
  'headcount-dead-letters': gauge(
    'headcount_sink_rows_dead_lettered',
    `${IN},sink="questdb",table="sessions"`,
    0,
    1,
  ),
};

function gauge(metric: string, labels: string, well: number, ill: number): Case[] {
  return [well, ill].map((value) => ({
    when: `it is ${value}`,
    series: always(`${metric}{${labels}}`, value),
    at: '1h',
    values: { [`{${labels}}`]: value },
    fires: value === ill,
  }));
}

function silentHost(): Case[] {
  const metric = `headcount_host_last_event_timestamp_seconds{${IN},host="qs1"}`;
  const seven = 7 * 3_600;
  const silent = (
    when: string,
    at: string,
    seconds: number | null,
    fires: boolean,
    series = `${seven}x10080`,
  ) => ({
    when,
    series: { [metric]: series },
    at,
    values: seconds === null ? {} : { '{host="qs1"}': seconds },
    fires,
  });
  return [
    silent('its last event is an hour old', '8h', 3_600, false),
    silent('its last event is older', '8h1m', 3_660, true),
    silent('it is evening', '17h', null, false),
    silent('it is Saturday', '60h', null, false),
    silent('Headcount has forgotten it over the weekend', '105h', 98 * 3_600, true, `${seven}x1920 stale`),
  ];
}

it('every rule has its cases', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(RULES.map(({ uid }) => uid).toSorted());
  expect(RULES.every(({ source }) => source === 'prometheus')).toBe(true);
});

it.each(RULES)('$title: names only labels that it has', ({ uid, annotations }) => {
  const used = [
    ...Object.values(annotations)
      .join()
      .matchAll(/\{\{ \.Labels\.(\w+) \}\}/g),
  ].map(([, label]) => label);
  const series = Object.keys(CASES[uid]?.find(({ fires }) => fires)?.values ?? {}).join();
  for (const label of used) expect(series).toContain(`${label}="`);
});

describe.skipIf(!isInstalled('promtool', 'prometheus'))('promtool agrees', () => {
  const cases = RULES.flatMap((rule) => (CASES[rule.uid] ?? []).map((each) => ({ ...each, rule })));

  it.each(cases)('$rule.title, when $when', ({ rule, series, at, values, fires }) => {
    const folder = mkdtempSync(join(tmpdir(), 'headcount-alerts-'));
    const file = join(folder, 'test.yaml');
    const samples = Object.entries(values).map(([labels, value]) => ({ labels, value }));
    const input = Object.entries(series).map(([name, text]) => ({ series: name, values: text }));
    const asked = [{ expr: rule.query, eval_time: at, exp_samples: samples }];
    writeFileSync(
      file,
      stringify({ tests: [{ interval: '1m', input_series: input, promql_expr_test: asked }] }),
    );
    const { stdout, stderr, status } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
    expect(samples.some(({ value }) => rule.fires(value))).toBe(fires);
  });
});
