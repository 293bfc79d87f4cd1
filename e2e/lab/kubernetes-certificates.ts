/** Certificates for the stand-in and its clients, made anew by openssl for each use. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

export interface Certificates {
  readonly ca: string;
  readonly server: { readonly key: string; readonly cert: string };
  readonly client: { readonly key: string; readonly cert: string };
}

/** Writes into `folder`, which the caller removes. */
export async function makeCertificates(folder: string, serverName: string): Promise<Certificates> {
  const at = (name: string): string => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const ca = [
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-days',
    '2',
    '-subj',
    '/CN=palomar-lab-ca',
  ];
  await runCommand(['openssl', ...ca]);

  const sign = async (name: string, extensions: string): Promise<{ key: string; cert: string }> => {
    await writeFile(at(`${name}.ext`), extensions);
    const request = [
      'req',
      ...key,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.csr`),
      '-subj',
      `/CN=palomar-lab-${name}`,
    ];
    await runCommand(['openssl', ...request]);
    const signing = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at(`${name}.ext`)];
    await runCommand([
      'openssl',
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      '-out',
      at(`${name}.crt`),
      '-days',
      '2',
      ...signing,
    ]);
    return { key: await readFile(at(`${name}.key`), 'utf8'), cert: await readFile(at(`${name}.crt`), 'utf8') };
  };

  return {
    ca: await readFile(at('ca.crt'), 'utf8'),
    server: await sign('server', `subjectAltName=IP:${serverName}\nextendedKeyUsage=serverAuth\n`),
    client: await sign('client', 'extendedKeyUsage=clientAuth\n'),
  };
}
