/**
 * Heads of HTTP/1.1 messages (RFC 9112) read and written as latin1, so that every byte of a hostile header survives
 * the way through the proxy.
 */

/** Header fields in wire order, repetitions and letter case kept. */
export type HeaderList = [name: string, value: string][];

export interface RequestHead {
  method: string;
  /** Request target as sent, usually a path with query. */
  url: string;
  readonly version: string;
  readonly headers: HeaderList;
}

export interface ResponseHead {
  readonly version: string;
  status: number;
  reason: string;
  readonly headers: HeaderList;
}

/** First value of a header, looked up without regard to case; `null` when absent. */
export function header(headers: HeaderList, name: string): string | null {
  const wanted = name.toLowerCase();
  return headers.find(([key]) => key.toLowerCase() === wanted)?.[1] ?? null;
}

/** Replaces every field of that name by one, at the place of the first; appends where there was none. */
export function setHeader(headers: HeaderList, name: string, value: string): void {
  const at = headers.findIndex(([key]) => key.toLowerCase() === name.toLowerCase());
  if (at < 0) {
    headers.push([name, value]);
    return;
  }
  removeHeader(headers, name);
  headers.splice(at, 0, [name, value]);
}

/** Removes every field of that name; returns how many there were. */
export function removeHeader(headers: HeaderList, name: string): number {
  const wanted = name.toLowerCase();
  let removed = 0;
  for (let i = headers.length - 1; i >= 0; i--) {
    if (headers[i]?.[0].toLowerCase() !== wanted) continue;
    headers.splice(i, 1);
    removed++;
  }
  return removed;
}

/** Length of the head in bytes, its blank line included; -1 while it is incomplete. Bare LF is tolerated. */
export function headLength(bytes: Buffer): number {
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  if (crlf < 0 && lf < 0) return -1;
  if (lf < 0 || (crlf >= 0 && crlf < lf)) return crlf + 4;
  return lf + 2;
}

/** Reads a request head; `null` when the start line is not HTTP. */
export function parseRequestHead(bytes: Buffer): RequestHead | null {
  const { start, headers } = parseLines(bytes);
  const match = /^(\S+) (.*) HTTP\/(\d\.\d)$/.exec(start);
  return match ? { method: match[1] ?? '', url: match[2] ?? '', version: match[3] ?? '', headers } : null;
}

/** Reads a response head; `null` when the start line is not HTTP. */
export function parseResponseHead(bytes: Buffer): ResponseHead | null {
  const { start, headers } = parseLines(bytes);
  const match = /^HTTP\/(\d\.\d) (\d{3})(?: (.*))?$/.exec(start);
  if (!match) return null;
  return { version: match[1] ?? '', status: Number(match[2]), reason: match[3] ?? '', headers };
}

export function formatRequestHead(head: RequestHead): Buffer {
  return format(`${head.method} ${head.url} HTTP/${head.version}`, head.headers);
}

export function formatResponseHead(head: ResponseHead): Buffer {
  return format(`HTTP/${head.version} ${head.status} ${head.reason}`, head.headers);
}

function format(start: string, headers: HeaderList): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${start}\r\n${lines}\r\n`, 'latin1');
}

function parseLines(bytes: Buffer): { start: string; headers: HeaderList } {
  const [start = '', ...lines] = bytes.toString('latin1').split(/\r?\n/);
  const headers: HeaderList = [];
  for (const line of lines) {
    if (line === '') continue;
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last) {
      last[1] += ` ${line.trim()}`; // obs-fold, RFC 9112 5.2
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 0) headers.push([line, '']);
    else headers.push([line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
  return { start, headers };
}
