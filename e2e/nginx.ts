/** nginx in a pod: HTTP/1.1, HTTP/2 with prior knowledge, and TLS, with a log that says what each request was answered. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCommand } from './lab/run-command.ts';
import { api, type LabPod } from './lab/topology.ts';
import { startMeasuredStack, type MeasuredStack } from './measured-stack.ts';
import { eventually } from './stack.ts';

export const nginxPorts = { http1: 8081, http2: 8082, https: 8443, plainTcp: 8085 } as const;

export interface Nginx {
  /** Lines of the access log: port, method, path, status, protocol. */
  log(): readonly string[];
}

function nginxConfig(folder: string): string {
  const { http1, http2, https, plainTcp } = nginxPorts;
  const locations = `
    location /ok { return 200 "ok"; }
    location /missing { return 404 "missing"; }
    location /broken { return 503 "broken"; }
    location /silent { return 444; }`;
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  log_format matrix '$server_port $request_method $request_uri $status $server_protocol';
  access_log ${folder}/access.log matrix;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server { listen ${http1}; listen [::]:${http1}; listen ${plainTcp}; listen [::]:${plainTcp};${locations} }
  server { listen ${http2} http2; listen [::]:${http2} http2;${locations} }
  server {
    listen ${https} ssl http2; listen [::]:${https} ssl http2;
    ssl_certificate ${folder}/tls.crt;
    ssl_certificate_key ${folder}/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;${locations}
  }
}
`;
}

async function makeCertificate(folder: string): Promise<void> {
  await runCommand([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=orders.palomar.test', '-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')],
  ]);
}

/** Resolves when the port takes connections in the pod. */
export async function listens(measured: MeasuredStack, pod: LabPod, port: number, said: () => string): Promise<void> {
  await eventually(
    20_000,
    async () => {
      const { exitCode } = await measured.lab.attempt(pod, ['socat', '-u', '/dev/null', `TCP:${pod.ipv4}:${port}`]);
      return exitCode === 0 ? true : null;
    },
    () => `port ${port} of ${pod.name}; ${said()}`,
  );
}

export async function startNginx(measured: MeasuredStack, folder: string): Promise<Nginx> {
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginxConfig(folder));
  await makeCertificate(folder);
  const nginx = measured.lab.spawn(api, ['nginx', '-c', config, '-e', 'stderr']);
  await listens(measured, api, nginxPorts.http1, () => JSON.stringify(nginx.journal.entries.slice(-3)));
  return { log: () => readFileSync(join(folder, 'access.log'), 'utf8').split('\n').filter(Boolean) };
}

export interface StackWithNginx {
  readonly measured: MeasuredStack;
  /** Of the test; nginx can read it. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** A quiet lab, watched, with nginx in `api`. */
export async function startStackWithNginx(env: Readonly<Record<string, string>> = {}): Promise<StackWithNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'palomar-nginx-'));
  chmodSync(folder, 0o755);
  const measured = await startMeasuredStack([], env);
  const stop = async (): Promise<void> => {
    await measured.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  await startNginx(measured, folder).catch(async (cause: unknown) => {
    await stop();
    throw cause;
  });
  return { measured, folder, stop };
}
