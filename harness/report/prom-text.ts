/** Samples by name and labels, as they stand in the text: `name` or `name{label="value"}`. */
export type Samples = Readonly<Record<string, number>>;

/**
 * Reads Prometheus text (0.0.4). Left out are buckets of histograms, whose sums and counts stay, and numbers that are
 * none (`NaN`, `+Inf`): JSON has no word for those.
 */
export function readPrometheus(text: string): Samples {
  const samples: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (name === undefined || name.endsWith('_bucket')) continue;
    const number = Number(value);
    if (Number.isFinite(number)) samples[`${name}${labels}`] = number;
  }
  return samples;
}

/** A label's value may hold spaces and braces; a time stamp may follow the number. */
const SAMPLE = /^([a-zA-Z_:][\w:]*)(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})? +(\S+)(?: +-?\d+)?$/;
