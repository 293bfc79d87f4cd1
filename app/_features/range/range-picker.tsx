/** Chooses the stretch of time: presets, two fixed ends, one step earlier or later. */
'use client';

import { Popover } from '@base-ui/react/popover';
import { CalendarRange, ChevronDown, ChevronLeft, ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { Button, buttonStyle } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { formatSpan, type Zone } from '../../_viz/format/time.ts';
import { useZone } from '../frame/zone.ts';
import { useInvestigation } from '../url/investigation.ts';
import { fromInput, toInput } from './date-input.ts';
import { parseRange } from './parse-range.ts';
import { presetFacts, presets, shiftRange, type TimeRange } from './time-range.ts';

export function RangePicker(): ReactNode {
  const { range, showPreset, showSpan } = useInvestigation();
  const [zone] = useZone();
  const [isOpen, setOpen] = useState(false);
  const shift = (steps: -1 | 1): void => {
    const { fromMs, toMs } = shiftRange(range, steps, Date.now());
    showSpan(fromMs, toMs);
  };
  return (
    <div className="flex items-center gap-1">
      <Popover.Root open={isOpen} onOpenChange={setOpen}>
        <Popover.Trigger className={buttonStyle()} aria-label={`Time range: ${rangeLabel(range, zone)}`}>
          <CalendarRange aria-hidden className="size-3.5 text-ink-faint" />
          {rangeLabel(range, zone)}
          <ChevronDown aria-hidden className="size-3.5 text-ink-faint" />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner side="bottom" align="start" sideOffset={4} className="z-50">
            <Popover.Popup
              aria-label="Time range"
              className="rounded-md border border-line bg-raised text-sm shadow-float"
            >
              <WordsForm
                zone={zone}
                onShow={(fromMs, toMs) => {
                  showSpan(fromMs, toMs);
                  setOpen(false);
                }}
              />
              <div className="flex">
                <ul className="w-36 border-r border-line p-1">
                  {presets.map((preset) => {
                    const isOn = range.kind === 'relative' && range.preset === preset;
                    return (
                      <li key={preset}>
                        <Button
                          look="ghost"
                          aria-pressed={isOn}
                          className={classes('w-full justify-start', isOn && 'bg-accent-soft text-accent')}
                          onClick={() => {
                            showPreset(preset);
                            setOpen(false);
                          }}
                        >
                          {presetFacts[preset].label}
                        </Button>
                      </li>
                    );
                  })}
                </ul>
                <SpanForm
                  range={range}
                  zone={zone}
                  onShow={(fromMs, toMs) => {
                    showSpan(fromMs, toMs);
                    setOpen(false);
                  }}
                />
              </div>
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
      <Button look="ghost" size="icon" aria-label="Earlier" title="Earlier  [" onClick={() => shift(-1)}>
        <ChevronLeft aria-hidden className="size-4" />
      </Button>
      <Button
        look="ghost"
        size="icon"
        aria-label="Later"
        title="Later  ]"
        disabled={range.kind === 'relative'}
        onClick={() => shift(1)}
      >
        <ChevronRight aria-hidden className="size-4" />
      </Button>
    </div>
  );
}

function rangeLabel(range: TimeRange, zone: Zone): string {
  return range.kind === 'relative' ? presetFacts[range.preset].label : formatSpan(range.fromMs, range.toMs, zone);
}

/** A range said in words; what was understood stands below before it is applied. */
function WordsForm({ zone, onShow }: Pick<SpanFormProps, 'zone' | 'onShow'>): ReactNode {
  const [text, setText] = useState('');
  const [nowMs] = useState(Date.now);
  const span = parseRange(text, nowMs, zone);
  return (
    <form
      className="border-b border-line p-2"
      onSubmit={(event) => {
        event.preventDefault();
        const asked = parseRange(text, Date.now(), zone);
        if (asked !== null) onShow(asked.fromMs, asked.toMs);
      }}
    >
      <input
        aria-label="Range in words"
        value={text}
        spellCheck={false}
        autoComplete="off"
        placeholder="since 09:00, yesterday, last 3 h, 09:00 - 10:30"
        onChange={(event) => setText(event.target.value)}
        className="h-7 w-full rounded-md border border-line bg-surface px-2 text-sm text-ink placeholder:text-ink-faint"
      />
      <p role="status" className="mt-1 h-4 text-xs text-ink-faint">
        {text === ''
          ? 'Enter shows it.'
          : span === null
            ? 'Not a range yet.'
            : formatSpan(span.fromMs, span.toMs, zone)}
      </p>
    </form>
  );
}

interface SpanFormProps {
  readonly range: TimeRange;
  readonly zone: Zone;
  readonly onShow: (fromMs: number, toMs: number) => void;
}

function SpanForm({ range, zone, onShow }: SpanFormProps): ReactNode {
  const [initial] = useState(() =>
    range.kind === 'absolute' ? range : { fromMs: Date.now() - presetFacts[range.preset].ms, toMs: Date.now() },
  );
  const [from, setFrom] = useState(() => toInput(initial.fromMs, zone));
  const [to, setTo] = useState(() => toInput(initial.toMs, zone));
  const fromMs = fromInput(from, zone);
  const toMs = fromInput(to, zone);
  const isSound = fromMs !== null && toMs !== null && fromMs < toMs;
  return (
    <form
      className="flex w-60 flex-col gap-2 p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (isSound) onShow(fromMs, toMs);
      }}
    >
      <DateField label={`From (${zone === 'utc' ? 'UTC' : 'local time'})`} value={from} onChange={setFrom} />
      <DateField label="To" value={to} onChange={setTo} />
      <p className="h-4 text-xs text-warm">{isSound ? '' : 'The start has to be before the end.'}</p>
      <Button look="accent" type="submit" disabled={!isSound}>
        Show
      </Button>
    </form>
  );
}

function DateField(props: { label: string; value: string; onChange: (value: string) => void }): ReactNode {
  return (
    <label className="block text-xs text-ink-soft">
      {props.label}
      <input
        type="datetime-local"
        step={1}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
        className="mt-0.5 h-7 w-full rounded-md border border-line bg-surface px-2 text-sm text-ink"
      />
    </label>
  );
}
