// examples/tokens/server.ts
import { createStreamHub } from 'sse-reliability-kit/server';

export interface Claims {
  readonly user: string;
  readonly expiresUnixMs: number;
}

/** One inbox per user. `verify` is your token library: it returns `null` for a token that is not valid. */
export function createInboxes(verify: (token: string) => Promise<Claims | null>) {
  return createStreamHub({
    name: 'inboxes',
    maxConnectionsPerKey: 6,
    async authorize(request, { streams }) {
      const token = request.header('authorization')?.replace(/^Bearer /, '') ?? '';
      const claims = await verify(token);
      if (!claims) return { allow: false, status: 401 };
      // Who asks for another user's stream, or resumes in it, gets nothing of it.
      if (streams.some((key) => key !== claims.user)) return { allow: false, status: 403 };
      return { allow: true, key: claims.user, expiresUnixMs: claims.expiresUnixMs };
    },
  });
}
