import { describe, expect, it } from 'vitest';
import { parseFilter } from '../model/filter/parse.ts';
import { filterSql } from './filter-sql.ts';

function compiled(text: string): string {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const { text: written, params } = filterSql(parsed.value);
  const values = Object.entries(params).map(([name, value]) => `${name}=${String(value)}`);
  return [written, ...values].join(' | ');
}

describe('filterSql', () => {
  it.each([
    ['', '1'],
    [
      'from.ns:production',
      'src_workload_id IN (SELECT workload_id FROM endpoints WHERE namespace = {p0:String}) | p0=production',
    ],
    [
      'pod:*',
      "(src_endpoint IN (SELECT id FROM endpoints WHERE pod != '') OR " +
        "dst_endpoint IN (SELECT id FROM endpoints WHERE pod != ''))",
    ],
    ['to.pod:""', 'dst_endpoint NOT IN (SELECT id FROM endpoints WHERE NOT (pod = {p0:String})) | p0='],
    [
      'from.ns:a from.pod:b',
      'src_endpoint IN (SELECT id FROM endpoints WHERE (namespace = {p0:String} AND pod = {p1:String})) | p0=a | p1=b',
    ],
    [
      'to.ns:a or verdict:dropped or to.workload:b',
      '(dst_workload_id IN (SELECT workload_id FROM endpoints WHERE (namespace = {p0:String} OR workload = {p1:String}))' +
        ' OR verdict = {p2:String}) | p0=a | p1=b | p2=DROPPED',
    ],
    [
      'not to.workload:a%b_*',
      'dst_workload_id NOT IN (SELECT workload_id FROM endpoints WHERE ' +
        "NOT (NOT ((workload != '' AND workload LIKE {p0:String})))) | p0=a\\%b\\_%",
    ],
    ['reason:Netfilter*', "(drop_reason != '' AND lower(drop_reason) LIKE {p0:String}) | p0=netfilter%"],
    [
      'to.name:Stripe.com',
      'dst_endpoint IN (SELECT id FROM endpoints WHERE arrayExists(x -> lower(x) = {p0:String}, names)) | p0=stripe.com',
    ],
    ['from.name:""', 'src_endpoint NOT IN (SELECT id FROM endpoints WHERE NOT (empty(names)))'],
    ['to.ip:10.0.0.0/8', '(dst_ip BETWEEN {p0:IPv6} AND {p1:IPv6}) | p0=::ffff:10.0.0.0 | p1=::ffff:10.255.255.255'],
    ['to.port:443', 'dst_port = {p0:UInt64} | p0=443'],
    ['http.status:5xx', '(http_status BETWEEN {p0:UInt64} AND {p1:UInt64} AND http_status != 0) | p0=500 | p1=599'],
    ['http.status:<300', '(http_status < {p0:UInt64} AND http_status != 0) | p0=300'],
    ['bytes:>1kB', '((bytes_to_dst + bytes_to_src) > {p0:UInt64}) | p0=1000'],
    ['protocol:icmp', '(protocol = {p0:String} OR protocol = {p1:String}) | p0=ICMPv4 | p1=ICMPv6'],
    ['conn:18446744073709551615', 'connection_id = {p0:UInt64} | p0=18446744073709551615'],
    [
      'not (verdict:dropped and to.port:53)',
      'NOT ((verdict = {p0:String} AND dst_port = {p1:UInt64})) | p0=DROPPED | p1=53',
    ],
  ])('writes %s', (text, expected) => {
    expect(compiled(text)).toBe(expected);
  });

  it('never puts a value into the text', () => {
    const hostile = `x') OR 1=1 --`;
    expect(compiled(`pod:"${hostile}"`).split(' | ')[0]).not.toContain(hostile);
  });
});
