import { count, fail, LINKS, pass, seenValue, span, unknown, warn } from '../findings.ts';
import type { Check, Exchange, Finding } from '../types.ts';

const NO_ANSWER = 'no response came';

/** Judges the response, if there is one. */
function answered(exchange: Exchange, judge: (headers: Exchange['headers']) => Finding): Finding {
  return exchange.headAt === null ? unknown(NO_ANSWER) : judge(exchange.headers);
}

export const status: Check = {
  id: 'status',
  title: 'Status',
  essential: true,
  judge({ stream, redirects }) {
    if (stream.headAt === null) {
      const { ending } = stream;
      const reason = ending.by === 'cut' ? ending.message : 'nobody answered in time';
      return unknown(`${NO_ANSWER}: ${reason}`);
    }
    const evidence = [`status ${stream.status}`];
    if (stream.status === 204) {
      return fail('204: an EventSource stops for good', { evidence, link: LINKS.spec });
    }
    if (stream.status !== 200) {
      const hint =
        stream.status === 401 || stream.status === 403
          ? 'Send credentials: -H "Authorization: Bearer …".'
          : 'Answer 200: an EventSource closes for good on anything else but a redirect.';
      return fail(`${stream.status} instead of 200`, { evidence, hint, link: LINKS.spec });
    }
    const by = redirects > 0 ? `, after ${count(redirects, 'redirect')}` : '';
    return pass(`200${by}`, { evidence });
  },
};

export const contentType: Check = {
  id: 'content-type',
  title: 'Content type',
  essential: true,
  judge({ stream }) {
    return answered(stream, (headers) => {
      const type = headers['content-type'] ?? '';
      const evidence = [`content-type: ${seenValue(type)}`];
      const [essence = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase());
      if (essence !== 'text/event-stream') {
        return fail(`${type === '' ? 'none' : seenValue(type)} instead of text/event-stream`, {
          hint: 'Send Content-Type: text/event-stream: browsers refuse any other and do not come back.',
          link: LINKS.spec,
          evidence,
        });
      }
      if (parameters.some((part) => /^charset=/.test(part) && !/^charset="?utf-?8"?$/.test(part))) {
        return warn('a charset that is not UTF-8 is ignored', {
          hint: 'Event streams are UTF-8, always: leave the charset out.',
          evidence,
        });
      }
      return pass('text/event-stream', { evidence });
    });
  },
};

export const caching: Check = {
  id: 'cache-control',
  title: 'Caching',
  essential: false,
  judge({ stream }) {
    return answered(stream, (headers) => {
      const value = headers['cache-control'] ?? '';
      const said = value.toLowerCase();
      const evidence = ['cache-control', 'age', 'x-cache'].flatMap((name) =>
        headers[name] === undefined ? [] : [`${name}: ${seenValue(headers[name])}`],
      );
      const more = {
        hint: 'Send Cache-Control: no-cache, no-transform.',
        link: LINKS.caching,
        evidence,
      };
      if (fromCache(headers)) return fail('the response comes from a cache', more);
      if (/\bpublic\b|\bs-?maxage=[1-9]|\bmax-age=[1-9]/.test(said)) {
        return fail(`caches may keep the stream: ${seenValue(value)}`, more);
      }
      const missing = [
        ...(/\bno-(cache|store)\b/.test(said) ? [] : ['no-cache']),
        ...(/\bno-transform\b/.test(said) ? [] : ['no-transform']),
      ];
      if (missing.length > 0) return warn(`without ${missing.join(' and ')}`, more);
      return pass(seenValue(value), { evidence });
    });
  },
};

/** Whether a cache says that it answered. */
export function fromCache(headers: Exchange['headers']): boolean {
  return Number(headers.age ?? 0) > 0 || /\bhit\b/i.test(headers['x-cache'] ?? '');
}

export const compression: Check = {
  id: 'compression',
  title: 'Compression',
  essential: false,
  judge({ stream, uncompressed }) {
    return answered(stream, (headers) => {
      const coding = headers['content-encoding'] ?? 'identity';
      const evidence = [`content-encoding: ${seenValue(coding)}`];
      if (coding === 'identity') return pass('none', { evidence });
      const hint = 'Flush the compressor after each event, or leave event streams out of compression.';
      const first = stream.frames[0]?.at;
      const plain = uncompressed?.frames[0]?.at;
      const wait = first === undefined ? null : first - stream.sentAt;
      const plainWait = plain === undefined || !uncompressed ? null : plain - uncompressed.sentAt;
      if (plainWait !== null && (wait === null || wait > plainWait + 1000)) {
        const packed = wait === null ? 'nothing' : `nothing for ${span(wait)}`;
        evidence.push(`first frame: ${packed} with ${coding}, ${span(plainWait)} without`);
        return fail(`${coding} holds events back: ${packed}; without it ${span(plainWait)}`, {
          hint,
          evidence,
        });
      }
      if (wait === null) return unknown(`${coding}, and nothing came with it or without it`, { evidence });
      return warn(`${coding}: works, and costs a compressor per connection`, { hint, evidence });
    });
  },
};

const PROMPT_MS = 1000;
const SLOW_MS = 5000;

export const firstByte: Check = {
  id: 'first-byte',
  title: 'First byte',
  essential: true,
  judge({ stream, forMs }) {
    const hint = 'Flush the headers at once (flushHeaders), and turn off response buffering in the proxy.';
    const more = { hint, link: LINKS.nginx };
    if (stream.headAt === null) {
      if (stream.ending.by === 'cut') return unknown(`${NO_ANSWER}: ${stream.ending.message}`);
      return fail(`connected, and no head of a response within ${span(forMs)}`, more);
    }
    const wait = stream.headAt - stream.sentAt;
    const evidence = [`head after ${span(wait)}`];
    const first = stream.pieces[0]?.at;
    if (first !== undefined) evidence.push(`first byte of the body after ${span(first - stream.sentAt)}`);
    if (wait > SLOW_MS) return fail(`the head came after ${span(wait)}`, { ...more, evidence });
    if (wait > PROMPT_MS) return warn(`the head came after ${span(wait)}`, { ...more, evidence });
    return pass(`head after ${span(wait)}`, { evidence });
  },
};

export const http: Check = {
  id: 'http',
  title: 'HTTP version',
  essential: false,
  judge({ stream, alpn, secure }) {
    return answered(stream, (headers) => {
      const version = `HTTP/${stream.httpVersion}`;
      const evidence = [
        version,
        ...['connection', 'content-length', 'transfer-encoding'].flatMap((name) =>
          headers[name] === undefined ? [] : [`${name}: ${seenValue(headers[name])}`],
        ),
        ...(alpn === null ? [] : [`ALPN: ${alpn === '' ? 'none' : alpn}`]),
      ];
      if (headers['content-length'] !== undefined) {
        return fail('a Content-Length: the body ends where it says', {
          hint: 'A stream has no length: leave Content-Length out.',
          evidence,
        });
      }
      if (stream.httpVersion === '1.0') {
        return warn('HTTP/1.0: a stream that was cut looks like one that ended', {
          hint: 'Something on the way speaks HTTP/1.0 (nginx: proxy_http_version 1.1).',
          link: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version',
          evidence,
        });
      }
      if (alpn === 'h2') return pass(`${version} read here, HTTP/2 is offered`, { evidence });
      if (secure && alpn !== null) {
        return warn(`${version} only: a browser opens six streams per host, for all tabs together`, {
          hint: 'Offer HTTP/2 at the edge, or share one connection between tabs.',
          evidence,
        });
      }
      if (/\bclose\b/i.test(headers.connection ?? '')) {
        return warn(`${version} with Connection: close: each reconnect is a connection anew`, {
          hint: 'Keep connections alive towards clients.',
          evidence,
        });
      }
      return pass(`${version}, kept alive`, { evidence });
    });
  },
};

export const methods: Check = {
  id: 'methods',
  title: 'HEAD, OPTIONS',
  essential: false,
  judge({ head, options }) {
    if (!head || !options) return unknown('not asked: the stream did not answer');
    const evidence = [head, options].map((each) => `${each.purpose}: ${each.status || 'no answer'}`);
    const odd = [...oddAnswer(head), ...oddAnswer(options)];
    if (odd.length === 0) return pass(`HEAD ${head.status}, OPTIONS ${options.status}`, { evidence });
    return warn(odd.join('; '), {
      hint: 'Answer HEAD with the head of the stream, or 405, and OPTIONS with 204, without opening a stream.',
      evidence,
    });
  },
};

/** Monitors send HEAD, browsers OPTIONS: either must end, and not as an error of the server. */
function oddAnswer({ purpose, headAt, status: code, headers, ending }: Exchange): string[] {
  const name = purpose.toUpperCase();
  if (headAt === null) {
    return [ending.by === 'cut' ? `${name}: ${ending.message}` : `${name} is not answered`];
  }
  if (code >= 500 && code !== 501) return [`${name} is answered with ${code}`];
  const streams = /event-stream/.test(headers['content-type'] ?? '') && ending.by === 'us';
  return purpose === 'options' && streams ? [`${name} opens a stream`] : [];
}

export const cors: Check = {
  id: 'cors',
  title: 'CORS',
  essential: false,
  judge({ origin, preflight, stream, headerNames }) {
    if (origin === null) return unknown('not asked: --origin names a page of another origin');
    const evidence = [stream, preflight].flatMap((each) =>
      each
        ? Object.entries(each.headers)
            .filter(([name]) => name.startsWith('access-control-'))
            .map(([name, value]) => `${each.purpose}: ${name}: ${seenValue(value)}`)
        : [],
    );
    const more = { link: LINKS.cors, evidence };
    return answered(stream, (headers) => {
      if (!allows(headers, origin)) {
        const hint = `Answer with Access-Control-Allow-Origin: ${origin} and Vary: Origin.`;
        return fail('pages of this origin may not read the stream', { ...more, hint });
      }
      if (!preflight || preflight.headAt === null)
        return unknown('the preflight got no answer', { evidence });
      const wanted = ['last-event-id', ...headerNames];
      const allowed = (preflight.headers['access-control-allow-headers'] ?? '')
        .toLowerCase()
        .split(/\s*,\s*/);
      // A `*` stands for all but Authorization (Fetch 4.9).
      const lacking = wanted.filter(
        (name) => !allowed.includes(name) && !(allowed.includes('*') && name !== 'authorization'),
      );
      const good = preflight.status >= 200 && preflight.status < 300 && allows(preflight.headers, origin);
      if (good && lacking.length === 0)
        return pass('the stream, and the preflight for Last-Event-ID', { evidence });
      const what = good ? `does not allow ${lacking.join(', ')}` : `is refused (${preflight.status})`;
      return fail(`the preflight ${what}: a fetch client connects, and cannot resume`, {
        ...more,
        hint: `Answer OPTIONS with 204 and Access-Control-Allow-Headers: ${wanted.join(', ')}.`,
      });
    });
  },
};

function allows(headers: Exchange['headers'], origin: string): boolean {
  const allowed = headers['access-control-allow-origin'];
  return allowed === '*' || allowed === origin;
}
