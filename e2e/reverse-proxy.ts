/** nginx before Palomar, below `/palomar` of its own host: one port hands the path on as it is, the other cuts the base off. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from './stack.ts';

export interface ReverseProxy {
  /** Of the page, with its base path. */
  readonly uncut: string;
  readonly cut: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

function config(folder: string, upstream: string, ports: { readonly uncut: number; readonly cut: number }): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  server {
    listen 127.0.0.1:${ports.uncut};
    location /palomar { proxy_pass ${upstream}; }
  }
  server {
    listen 127.0.0.1:${ports.cut};
    location = /palomar { proxy_pass ${upstream}/; }
    location /palomar/ { proxy_pass ${upstream}/; }
  }
}
`;
}

/** `upstream` is scheme, host and port of the server. */
export async function startReverseProxy(upstream: string): Promise<ReverseProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'palomar-proxy-'));
  const ports = { uncut: await freePort(), cut: await freePort() };
  await writeFile(join(folder, 'nginx.conf'), config(folder, upstream, ports));
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-5000)));
  const exited = once(child, 'exit');
  const url = (port: number): string => `http://127.0.0.1:${port}/palomar`;
  const isThere = async (): Promise<true | null> => {
    try {
      return (await fetch(url(ports.cut))).ok ? true : null;
    } catch (error) {
      // Refused until it listens.
      if (error instanceof TypeError) return null;
      throw error;
    }
  };
  await eventually(20_000, isThere, () => `nginx: ${said}`);
  return {
    uncut: url(ports.uncut),
    cut: url(ports.cut),
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
