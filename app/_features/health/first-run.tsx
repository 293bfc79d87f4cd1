/** Before the first flow: what is being captured and on which interfaces, and what is missing with its cure. */
'use client';

import { Check, CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Health } from '../../../model/api.ts';
import { WithCode } from '../../_components/with-code.tsx';
import { plural } from '../../_viz/format/quantities.ts';
import { MissingList } from './capture-banner.tsx';

export function FirstRun({ health }: { health: Health }): ReactNode {
  const { capture, store } = health;
  const watched = capture.interfaces.filter((item) => item.state === 'attached');
  const failing = capture.interfaces.filter((item) => item.error !== '' && item.state !== 'attached');
  const isCapturing = capture.mode === 'live' && capture.state !== 'down';
  return (
    <div className="flex h-full items-center justify-center overflow-auto p-6">
      <div className="w-full max-w-xl rounded-md border border-line bg-surface p-6 shadow-card">
        <h2 className="text-base font-semibold">
          {isCapturing ? 'Waiting for the first flow' : 'Nothing has been recorded yet'}
        </h2>
        <p className="mt-1 text-ink-soft">
          {isCapturing
            ? 'Capture is on. Whatever crosses these interfaces appears here within seconds.'
            : 'There is no live capture on this host, and the store is empty.'}
        </p>
        <ul className="mt-4 space-y-3">
          <Step
            isDone={store.state === 'ok'}
            title={`Store: ${store.embedded ? 'embedded' : store.url || 'ClickHouse'}`}
          >
            <WithCode text={store.state === 'ok' ? `ClickHouse ${store.version}` : store.detail} canCopy />
          </Step>
          <Step isDone={isCapturing} title={`Capture: ${capture.mode}`}>
            {capture.detail !== '' && <WithCode text={capture.detail} canCopy />}
          </Step>
          {watched.length + failing.length > 0 && (
            <li className="pl-6.5">
              <p className="text-ink-soft">{plural(watched.length, 'interface')}</p>
              <ul className="mt-1 flex max-h-40 flex-wrap gap-1.5 overflow-auto">
                {[...watched, ...failing].map((item) => (
                  <li
                    key={`${item.netns}/${item.name}`}
                    title={item.error || item.netns}
                    className="rounded-sm border border-line bg-sunken px-1.5 font-mono text-xs"
                  >
                    {item.name}
                    {item.error !== '' && <span className="font-sans text-warm"> {item.error}</span>}
                  </li>
                ))}
              </ul>
            </li>
          )}
        </ul>
        {capture.missing.length > 0 && (
          <div className="mt-4 border-t border-line pt-3 text-sm">
            <p className="font-semibold">What is missing</p>
            <MissingList missing={capture.missing} />
          </div>
        )}
      </div>
    </div>
  );
}

function Step({ isDone, title, children }: { isDone: boolean; title: string; children: ReactNode }): ReactNode {
  return (
    <li className="flex gap-2.5">
      {isDone ? (
        <Check aria-label="ready" className="mt-0.5 size-4 shrink-0 text-fine" />
      ) : (
        <CircleAlert aria-label="not ready" className="mt-0.5 size-4 shrink-0 text-warm" />
      )}
      <div className="min-w-0">
        <p className="font-medium">{title}</p>
        <div className="text-ink-soft">{children}</div>
      </div>
    </li>
  );
}
