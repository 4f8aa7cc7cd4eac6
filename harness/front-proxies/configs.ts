/** A real proxy with one configuration. */
export type FrontProxyKind = 'nginx' | 'nginx-gzip' | 'haproxy' | 'haproxy-no-delay';

/** What a configuration is made from. */
export interface ConfigInput {
  readonly port: number;
  readonly upstreamPort: number;
  /** Folder of its own for what the program writes. */
  readonly folder: string;
}

/** nginx as its documentation begins: `proxy_pass` and nothing about streams. */
export function nginxConfig({ port, upstreamPort, folder }: ConfigInput, gzip: boolean): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  ${gzip ? 'gzip on;\n  gzip_types text/event-stream;\n  gzip_min_length 0;' : ''}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${upstreamPort}; }
  }
}
`;
}

/** HAProxy with the timeouts that distributions ship; without `no-delay` it waits for more to send. */
export function haproxyConfig({ port, upstreamPort }: ConfigInput, noDelay: boolean): string {
  return `
global
  maxconn 512
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
  ${noDelay ? 'option http-no-delay' : ''}
frontend in
  bind 127.0.0.1:${port}
  # The only trace it leaves in a response, and the tests' proof that it was there (RFC 9110 7.6.3).
  http-response add-header Via "1.1 haproxy"
  default_backend out
backend out
  server app 127.0.0.1:${upstreamPort}
`;
}
