import { through } from './through.ts';

/** nginx with nothing said about streams. */
export const nginxDefaults = through({
  id: 'proxy/nginx-defaults',
  front: 'nginx',
  title: 'nginx in front, with its defaults',
  hypothesis:
    'nginx buffers responses by default; `X-Accel-Buffering: no` tells it not to, so events arrive at once.',
  trace: /^Server: nginx\S*/im,
  median: { below: 50 },
});

/** nginx that compresses event streams. */
export const nginxGzip = through({
  id: 'proxy/nginx-gzip',
  front: 'nginx-gzip',
  title: 'nginx in front, with gzip on for event streams',
  hypothesis: 'Compressed or not, an unbuffered response is flushed with each event.',
  trace: /^Server: nginx\S*/im,
  median: { below: 50 },
});
