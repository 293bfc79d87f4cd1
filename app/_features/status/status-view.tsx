/** The Status view: capture by interface, store, nodes, and every counter of what was lost in the range. */
'use client';

import { useQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';

import { mapResponseSchema, type Evidence, type Health } from '../../../model/api.ts';
import { classes } from '../../_components/classes.ts';
import { Problem } from '../../_components/message.tsx';
import { WithCode } from '../../_components/with-code.tsx';
import { formatBytes, formatCount, formatShare, plural } from '../../_viz/format/quantities.ts';
import { formatAge, formatMoment } from '../../_viz/format/time.ts';
import { getJson } from '../api/client.ts';
import { useZone } from '../frame/zone.ts';
import { useHealth } from '../health/health-query.ts';
import { useReportEvidence } from '../health/shown-evidence.tsx';
import { rangeQuery } from '../range/time-range.ts';
import { useInvestigation } from '../url/investigation.ts';
import { lossWords } from './loss-words.ts';

export function StatusView(): ReactNode {
  const health = useHealth();
  return (
    <div role="region" aria-label="Status" tabIndex={0} className="h-full overflow-y-auto p-4 -outline-offset-2">
      <div className="mx-auto grid max-w-5xl grid-cols-2 gap-4 max-[900px]:grid-cols-1">
        {health.data === undefined ? (
          health.error === null ? (
            <>
              <CardSkeleton />
              <CardSkeleton />
            </>
          ) : (
            <Card title="Server">
              <Problem title="The server does not answer" error={health.error} onRetry={() => void health.refetch()} />
            </Card>
          )
        ) : (
          <>
            <StoreCard health={health.data} />
            <CaptureCard health={health.data} />
            <InterfacesCard health={health.data} />
            <RetentionCard health={health.data} />
          </>
        )}
        <CoverageCards />
      </div>
    </div>
  );
}

function StoreCard({ health: { store, newestFlowMs, nowMs, version } }: { health: Health }): ReactNode {
  return (
    <Card title="Store" state={store.state}>
      <Rows
        rows={[
          ['Engine', `ClickHouse ${store.version}`],
          ['Where', store.embedded ? 'embedded, on this host' : store.url],
          ['Newest flow', newestFlowMs === null ? 'none yet' : `${formatAge(nowMs - newestFlowMs)} ago`],
          ...diskRows(store.disk),
          ['Palomar', version],
        ]}
      />
      {store.detail !== '' && <WithCode text={store.detail} canCopy />}
    </Card>
  );
}

function diskRows(disk: Health['store']['disk']): (readonly [string, string])[] {
  if (disk === undefined || disk === null) return [];
  const share = formatShare(Number(disk.freeBytes), Number(disk.totalBytes));
  return [
    ['Tables', formatBytes(Number(disk.usedBytes))],
    ['Free', `${formatBytes(Number(disk.freeBytes))}, ${share} of the disk${disk.isFull ? ': it is full' : ''}`],
  ];
}

/** What is kept for how long, and what had to go for want of room. */
function RetentionCard({ health: { store, nowMs } }: { health: Health }): ReactNode {
  const { retention } = store;
  if (retention === undefined) return null;
  const { tables, dropped, diskPercent, problem } = retention;
  return (
    <Card title="Kept" isWide>
      <table className="w-full text-xs">
        <thead className="text-left text-ink-faint">
          <tr>
            <th scope="col" className="pb-1 font-medium">
              Table
            </th>
            {['Kept for', 'Oldest', 'Rows', 'Size'].map((name) => (
              <th key={name} scope="col" className="pb-1 text-right font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tables.map((table) => (
            <tr key={table.table} className="border-t border-line">
              <td className="py-1 font-mono">{table.table}</td>
              <td className="text-right tabular-nums">{plural(table.days, 'day')}</td>
              <td className="text-right tabular-nums">
                {table.oldestMs === null ? '' : `${formatAge(nowMs - table.oldestMs)} ago`}
              </td>
              <td className="text-right tabular-nums">{formatCount(table.rows)}</td>
              <td className="text-right tabular-nums">{formatBytes(Number(table.bytes))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {diskPercent > 0 && (
        <p className="text-ink-faint">Past {diskPercent} % of the disk the oldest days of flows are dropped.</p>
      )}
      {dropped.days > 0 && (
        <p className="text-warm">
          {plural(dropped.days, 'day')} of flows dropped for want of room: {formatCount(dropped.flows)} flows.
        </p>
      )}
      {problem !== '' && <WithCode text={problem} canCopy />}
    </Card>
  );
}

function CaptureCard({ health: { capture } }: { health: Health }): ReactNode {
  return (
    <Card title="Capture" state={capture.state}>
      <Rows
        rows={[
          ['Mode', capture.mode],
          ['Interfaces', `${capture.interfaces.filter((item) => item.state === 'attached').length} attached`],
        ]}
      />
      {capture.detail !== '' && <WithCode text={capture.detail} canCopy />}
      {(capture.waiting ?? []).map(({ node, rows, bytes, problem }) => (
        <p key={node} className="text-warm">
          {node}: {plural(rows, 'row')} ({formatBytes(Number(bytes))}) wait on its disk for the store. {problem}
        </p>
      ))}
      {capture.missing.map((line) => (
        <WithCode key={line} text={line} canCopy />
      ))}
    </Card>
  );
}

function InterfacesCard({ health: { capture } }: { health: Health }): ReactNode {
  return (
    <Card title="Interfaces" isWide>
      {capture.interfaces.length === 0 ? (
        <p className="text-ink-faint">No interface is watched on this host.</p>
      ) : (
        <table className="w-full text-xs">
          <thead className="text-left text-ink-faint">
            <tr>
              {['Interface', 'Network namespace', 'State', 'Problem'].map((name) => (
                <th key={name} scope="col" className="pb-1 font-medium">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {capture.interfaces.map((item) => (
              <tr key={`${item.netns}/${item.name}`} className="border-t border-line">
                <td className="py-1 font-mono">{item.name}</td>
                <td>{item.netns}</td>
                <td className={item.state === 'attached' ? '' : 'text-warm'}>{item.state}</td>
                <td className="text-warm">{item.error}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

/** The coverage of the range, from the map grouped as coarsely as it goes. */
function CoverageCards(): ReactNode {
  const { range } = useInvestigation();
  const question = { ...rangeQuery(range), grouping: 'namespace' };
  const { data, error, dataUpdatedAt, refetch } = useQuery({
    queryKey: ['coverage', question],
    queryFn: ({ signal }) => getJson('/api/v1/map', question, mapResponseSchema, signal),
    refetchInterval: 15_000,
  });
  const evidence = data?.evidence ?? null;
  useReportEvidence({ evidence, updatedMs: dataUpdatedAt, isStale: false, hasFailed: error !== null });
  if (evidence === null) {
    if (error === null) return <CardSkeleton isWide />;
    return (
      <Card title="Losses" isWide>
        <Problem title="The losses could not be read" error={error} onRetry={() => void refetch()} />
      </Card>
    );
  }
  return (
    <>
      <LossCard evidence={evidence} />
      <NodesCard evidence={evidence} nowMs={data?.range.toMs ?? 0} />
    </>
  );
}

function LossCard({ evidence: { coverage } }: { evidence: Evidence }): ReactNode {
  const losses = Object.entries(coverage.lost).sort(([, a], [, b]) => b - a);
  const total = losses.reduce((sum, [, count]) => sum + count, 0);
  return (
    <Card title="Losses in the range">
      <p className="text-ink-soft">
        {total === 0
          ? 'Every counter of a loss stands at zero.'
          : `${plural(total, 'event')} lost, ${formatShare(total, coverage.packetsSeen + total)} of what there was.`}
      </p>
      <ul className="mt-2 space-y-2">
        {losses.map(([name, count]) => (
          <li key={name}>
            <p className="flex gap-2">
              <code className="flex-1 font-mono text-xs">{name}</code>
              <span className="font-semibold text-warm">{formatCount(count)}</span>
            </p>
            <p className="text-xs text-ink-faint">{lossWords(name)}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function NodesCard({ evidence: { coverage }, nowMs }: { evidence: Evidence; nowMs: number }): ReactNode {
  const [zone] = useZone();
  return (
    <Card title={`Nodes that reported ${coverage.nodes.length}`}>
      <ul className="max-h-72 space-y-1 overflow-auto">
        {coverage.nodes.map((node) => {
          const gaps = coverage.gaps.filter((gap) => gap.node === node);
          return (
            <li key={node}>
              {node}
              {gaps.map((gap) => (
                <span key={gap.fromMs} className="block pl-3 text-xs text-warm">
                  reported nothing from {formatMoment(gap.fromMs, nowMs, zone)} to {formatMoment(gap.toMs, nowMs, zone)}
                </span>
              ))}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

interface CardProps {
  readonly title: string;
  readonly state?: string;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

function Card({ title, state, isWide = false, children }: CardProps): ReactNode {
  return (
    <section
      aria-label={title}
      className={classes('rounded-md border border-line bg-surface p-4 shadow-card', isWide && 'col-span-full')}
    >
      <h2 className="mb-2 flex items-center gap-2 text-sm font-semibold">
        <span className="flex-1">{title}</span>
        {state !== undefined && (
          <span className={classes('text-xs font-medium', state === 'ok' ? 'text-fine' : 'text-warm')}>{state}</span>
        )}
      </h2>
      {children}
    </section>
  );
}

function Rows({ rows }: { rows: readonly (readonly [string, string])[] }): ReactNode {
  return (
    <dl className="grid grid-cols-[110px_1fr] gap-y-1">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-faint">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function CardSkeleton({ isWide = false }: { isWide?: boolean }): ReactNode {
  return <div role="status" aria-label="Loading" className={classes('skeleton h-36', isWide && 'col-span-full')} />;
}
