/** What each dimension of a breakdown is in SQL: a column of edges, an attribute of one of their ends, or of flows alone. */
import type { Dimension } from '../../model/api.ts';
import { labelSql } from '../label-sql.ts';
import { empty, sql, type Sql } from '../sql.ts';
import { fixed } from './edge-rows.ts';
import { routeOfPath } from './route-template.ts';
import { workloadNames } from './workload-names.ts';

export interface Breakdown {
  /** Whether rollups know it. */
  readonly isRolledUp: boolean;
  /** What the keys of edges are. */
  readonly end: 'workload_id' | 'endpoint';
  /** A text of `flows f`; flows whose text is empty are left out. Null: edges know it themselves. */
  readonly ofFlow: Sql | null;
  /** An Array(String), from rows of edges with `from_key`, `to_key`, `of_flow`, and what `names` joins. */
  readonly key: Sql;
  readonly names: Sql;
}

type Side = 'from' | 'to';

const namesOfEnd = (side: Side): Sql => sql`
    LEFT JOIN (${workloadNames}
    ) AS ${fixed(side)}_names ON ${fixed(side)}_names.id = edges.${fixed(side)}_key`;

const nodeId = (side: Side): string =>
  `if(${side}_names.name = '', concat('?', toString(edges.${side}_key)),
      arrayStringConcat([edges.cluster, ${side}_names.namespace, ${side}_names.kind, ${side}_names.name], '/'))`;

function ofWorkload(side: Side, text: string): Breakdown {
  return { isRolledUp: true, end: 'workload_id', ofFlow: null, key: fixed(`[${text}]`), names: namesOfEnd(side) };
}

function ofEndpoint(side: Side, text: Sql): Breakdown {
  return {
    isRolledUp: false,
    end: 'endpoint',
    ofFlow: null,
    key: sql`[toString(${fixed(side)}_ends.text)]`,
    names: sql`
    LEFT JOIN (
      SELECT id, any(${text}) AS text
      FROM endpoints
      GROUP BY id
    ) AS ${fixed(side)}_ends ON ${fixed(side)}_ends.id = edges.${fixed(side)}_key`,
  };
}

function ofEdge(text: string): Breakdown {
  return { isRolledUp: true, end: 'workload_id', ofFlow: null, key: fixed(`[${text}]`), names: empty };
}

function ofFlow(text: string): Breakdown {
  return { isRolledUp: false, end: 'workload_id', ofFlow: fixed(text), key: fixed('[of_flow]'), names: empty };
}

const plainIp = (column: string): string => `replaceOne(toString(${column}), '::ffff:', '')`;
const turned = (left: string, right: string): string => plainIp(`if(f.is_reply = 'yes', ${left}, ${right})`);

const known: Readonly<Record<Exclude<Dimension, `${string}.label:${string}`>, Breakdown>> = {
  edge: {
    ...ofEdge(`${nodeId('from')}, ${nodeId('to')}`),
    names: sql`${namesOfEnd('from')}${namesOfEnd('to')}`,
  },
  'from.workload': ofWorkload('from', nodeId('from')),
  'to.workload': ofWorkload('to', nodeId('to')),
  'from.ns': ofWorkload('from', 'toString(from_names.namespace)'),
  'to.ns': ofWorkload('to', 'toString(to_names.namespace)'),
  'from.pod': ofEndpoint('from', sql`pod`),
  'to.pod': ofEndpoint('to', sql`pod`),
  'from.service': ofEndpoint('from', sql`service`),
  'to.service': ofEndpoint('to', sql`service`),
  'from.process': ofEndpoint('from', sql`process`),
  'to.process': ofEndpoint('to', sql`process`),
  'from.ip': ofFlow(turned('f.dst_ip', 'f.src_ip')),
  'to.ip': ofFlow(turned('f.src_ip', 'f.dst_ip')),
  port: ofEdge(`if(port = 0, '', toString(port))`),
  protocol: ofEdge('toString(edges.protocol)'),
  l7: ofEdge('l7_type'),
  verdict: ofEdge('toString(edges.verdict)'),
  cluster: ofEdge('toString(edges.cluster)'),
  connect: ofFlow('toString(f.connect_result)'),
  reason: ofFlow('toString(f.drop_reason)'),
  location: ofFlow('toString(f.drop_location)'),
  'http.method': ofFlow('toString(f.http_method)'),
  'http.host': ofFlow('toString(f.http_host)'),
  'http.path': ofFlow(`if(f.http_path = '', '', ${routeOfPath})`),
  'http.status': ofFlow(`if(f.http_status = 0, '', toString(f.http_status))`),
  'grpc.status': ofFlow('toString(f.grpc_status)'),
  'dns.name': ofFlow('toString(f.dns_name)'),
  'dns.type': ofFlow('toString(f.dns_type)'),
  'dns.rcode': ofFlow('toString(f.dns_rcode)'),
  'l7.command': ofFlow('toString(f.l7_command)'),
  'l7.resource': ofFlow('toString(f.l7_resource)'),
  'l7.error': ofFlow('toString(f.l7_error)'),
  'tls.sni': ofFlow('toString(f.tls_sni)'),
  'tls.version': ofFlow('toString(f.tls_version)'),
  encryption: ofFlow('toString(f.encryption)'),
  tunnel: ofFlow('toString(f.tunnel)'),
  interface: ofFlow('toString(f.interface)'),
  node: ofFlow('toString(f.node)'),
};

/** The value of the first label with that key. */
function labelValue(key: string): Sql {
  const { isNamed, text } = labelSql(key);
  return sql`arrayFirst(y -> y != '', arrayMap(
        x -> if(${isNamed}, ${text}, ''), arrayMap(x -> toString(x), labels)))`;
}

export function dimensionOf(by: Dimension): Breakdown {
  const label = /^(from|to)\.label:(.+)$/s.exec(by);
  if (label === null) return known[by as keyof typeof known];
  const [, side, key = ''] = label;
  return ofEndpoint(side === 'from' ? 'from' : 'to', labelValue(key));
}
