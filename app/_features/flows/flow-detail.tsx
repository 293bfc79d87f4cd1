/** Every field of one flow, in the right panel. Empty ones are left out. */
'use client';

import { useState, type ReactNode } from 'react';

import { explainDrop } from '../../../model/drop-catalogue.ts';
import type { Flow } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { CopyButton } from '../../_components/copy-button.tsx';
import { Verdict } from '../../_components/verdict.tsx';
import { formatDay, formatMillis, parseTime } from '../../_viz/format/time.ts';
import { connectWords } from '../drops/connect-words.ts';
import { apiUrl } from '../api/client.ts';
import { ValueMenu } from '../filter/value-menu.tsx';
import { useZone } from '../frame/zone.ts';
import { PanelFrame } from '../selection/panel-frame.tsx';
import { Section } from '../selection/facts.tsx';
import { Conversation } from './conversation.tsx';
import { factGroups, type Fact } from './flow-facts.ts';
import { hubbleCommand } from './hubble-command.ts';
import { palomarCommand } from './palomar-command.ts';

interface FlowDetailProps {
  readonly flow: Flow;
  readonly onClose: () => void;
}

/** Opened anew for each row of the table; inside, the reader may step through the rows of its connection. */
export function FlowDetail({ flow: opened, onClose }: FlowDetailProps): ReactNode {
  const [zone] = useZone();
  const [isWhole, setWhole] = useState(false);
  const [stepped, setStepped] = useState<{ from: Flow; to: Flow } | null>(null);
  const flow = stepped?.from === opened ? stepped.to : opened;
  const ms = parseTime(flow.time);
  return (
    <PanelFrame
      label="Flow"
      onClose={onClose}
      title={<Verdict verdict={flow.verdict} />}
      subtitle={`${formatDay(ms, zone)} ${formatMillis(ms, zone)} ${zone === 'utc' ? 'UTC' : 'local time'}`}
    >
      <p className="px-4 pb-3 break-words">{flow.summary}</p>
      <Why flow={flow} />
      <div role="group" aria-label="Show" className="flex gap-1 px-4 pb-3">
        <Button isOn={!isWhole} aria-pressed={!isWhole} onClick={() => setWhole(false)}>
          This flow
        </Button>
        <Button isOn={isWhole} aria-pressed={isWhole} onClick={() => setWhole(true)}>
          Conversation
        </Button>
      </div>
      {isWhole ? (
        <Conversation flow={flow} onOpen={(to) => setStepped({ from: opened, to })} />
      ) : (
        factGroups(flow).map(({ title, rows }) => <Fields key={title} title={title} rows={rows} />)
      )}
      <Section title="Take it along">
        <ul className="space-y-1 text-xs">
          <li>
            <ValueMenu text="The whole conversation" term={`conn:${flow.connectionId}`} />
          </li>
          <Copied name="Filter of the conversation" text={`conn:${flow.connectionId}`} />
          <Copied name="As a hubble observe command" text={hubbleCommand(flow)} />
          <Copied name="As a palomar command" text={palomarCommand(flow, `${window.location.origin}${apiUrl('')}`)} />
          <Copied name="As JSON" text={JSON.stringify(flow, null, 2)} />
        </ul>
        <details className="mt-2">
          <summary className="cursor-pointer text-xs text-ink-faint hover:text-ink">Raw JSON</summary>
          <pre tabIndex={0} className="mt-1 max-h-80 overflow-auto rounded-sm bg-sunken p-2 font-mono text-2xs">
            {JSON.stringify(flow, null, 2)}
          </pre>
        </details>
      </Section>
    </PanelFrame>
  );
}

/** What a drop or a failed connect means, before the facts about it. */
function Why({ flow }: { flow: Flow }): ReactNode {
  const why = flow.dropReason === '' ? connectWords(flow.connectResult) : explainDrop(flow.dropReason);
  if (why === null) return null;
  return (
    <div className="mx-4 mb-3 rounded-md bg-sunken px-3 py-2 text-xs">
      <p className="font-medium">{why.says}</p>
      <p className="mt-1 text-ink-soft">Often: {why.causes.join('; ')}.</p>
      <p className="mt-1 font-mono text-2xs text-ink-soft">{why.checks[0]}</p>
    </div>
  );
}

function Copied({ name, text }: { name: string; text: string }): ReactNode {
  return (
    <li className="flex items-center gap-1 text-ink-faint">
      <span className="flex-1">{name}</span>
      <CopyButton text={text} what={name.toLowerCase()} />
    </li>
  );
}

function Fields({ title, rows }: { title: string; rows: readonly Fact[] }): ReactNode {
  const filled = rows.filter(([, value]) => value !== '');
  if (filled.length === 0) return null;
  return (
    <Section title={title}>
      <dl className="grid grid-cols-[100px_1fr] gap-x-3 gap-y-1 text-xs">
        {filled.map(([name, value, term]) => (
          <div key={name} className="contents">
            <dt className="text-ink-faint">{name}</dt>
            <dd className="min-w-0 break-words">
              {term === undefined ? value : <ValueMenu text={value} term={term} />}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
