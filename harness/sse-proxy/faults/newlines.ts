import type { FaultDefinition } from '../types.ts';

const ENDINGS = { lf: '\n', cr: '\r', crlf: '\r\n' } as const;

export interface NewlinesParams {
  /** Default `crlf`; `mixed` chooses for each line by chance. */
  readonly to?: keyof typeof ENDINGS | 'mixed';
}

/** Rewrites every line ending. Goes on to the end of a response it has begun with. */
export const newlines: FaultDefinition<NewlinesParams> = {
  name: 'newlines',
  summary: 'rewrites line endings to LF, CR, CRLF or a mixture',
  params: { to: 'lf, cr, crlf (default) or mixed' },
  times: 'always',
  start: ({ to = 'crlf' }, context) => {
    const kinds = Object.values(ENDINGS);
    const ending = (): string =>
      to === 'mixed' ? (kinds[Math.floor(context.random() * kinds.length)] ?? '\n') : ENDINGS[to];
    let lastWasCr = false;
    let lastWritten = '';
    let fired = false;
    return {
      sticky: true,
      onBytes: async (bytes, next) => {
        const text = bytes.toString('latin1');
        let rewritten = 0;
        let out = '';
        for (let i = 0; i < text.length; i++) {
          const char = text.charAt(i);
          const secondHalf = char === '\n' && lastWasCr;
          lastWasCr = char === '\r';
          if (secondHalf) continue;
          if (char !== '\r' && char !== '\n') {
            out += char;
            lastWritten = '';
            continue;
          }
          // A CR and an LF for two lines would be read as one line ending.
          let written = ending();
          while (lastWritten === '\r' && written === '\n') written = ending();
          out += written;
          lastWritten = written;
          rewritten++;
        }
        const sent = await next(Buffer.from(out, 'latin1'));
        if (sent && rewritten > 0 && !fired && context.claim()) {
          fired = true;
          context.fire({ to, rewritten });
        }
        return sent;
      },
    };
  },
};
