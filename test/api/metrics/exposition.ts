/** What an answer in Prometheus' text format says: `name{label="value"}`, labels as JSON, to its value. */
export class Exposition {
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];

  constructor(text: string) {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    this.samples = lines.map((line) => {
      const [, name = '', inner = '', value] = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? [];
      if (value === undefined || Number.isNaN(Number(value))) throw new Error(`no sample: ${line}`);
      return { name, labels: labelsOf(inner), value: Number(value) };
    });
  }

  /** The value of the one sample with these labels; undefined where there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.samples.filter(
      (sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels),
    );
    if (found.length > 1) throw new Error(`${found.length} samples of ${name}`);
    return found[0]?.value;
  }

  /** Values by the one label that a metric has. */
  by(name: string): Readonly<Record<string, number>> {
    const found = this.samples.filter((sample) => sample.name === name);
    return Object.fromEntries(found.map(({ labels, value }) => [Object.values(labels).join(), value]));
  }
}

function labelsOf(inner: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const label = /([a-z_]+)="((?:[^"\\]|\\[\\n"])*)"(?:,|$)/gsy;
  let end = 0;
  for (const match of inner.matchAll(label)) {
    const [text, name = '', value = ''] = match;
    end = match.index + text.length;
    labels[name] = value.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));
  }
  if (end !== inner.length) throw new Error(`no labels: ${inner}`);
  return labels;
}
