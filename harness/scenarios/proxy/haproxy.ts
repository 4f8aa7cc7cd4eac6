import { through } from './through.ts';

/** HAProxy as distributions configure it. */
export const haproxyDefaults = through({
  id: 'proxy/haproxy-defaults',
  front: 'haproxy',
  title: 'HAProxy in front, with its defaults',
  hypothesis:
    'Nothing is lost, but HAProxy tells the kernel that more is to come, and small events may wait about 200 ms for it.',
  trace: /^Via: 1\.1 haproxy/im,
  median: { below: 400 },
});

/** HAProxy that is told not to wait. */
export const haproxyNoDelay = through({
  id: 'proxy/haproxy-no-delay',
  front: 'haproxy-no-delay',
  title: 'HAProxy in front, with `option http-no-delay`',
  hypothesis: 'With `option http-no-delay` each event leaves at once.',
  trace: /^Via: 1\.1 haproxy/im,
  median: { below: 50 },
});
