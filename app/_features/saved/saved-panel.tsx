/** Views and filters that somebody saved, and the form that saves what is on the screen for everyone. */
'use client';

import { Trash2 } from 'lucide-react';
import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import { useState, type ReactNode } from 'react';

import { savedLimits, type SavedEntry, type SavedItem } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { useZone } from '../frame/zone.ts';
import { useInvestigation } from '../url/investigation.ts';
import { placeOf } from '../url/place.ts';
import { useSaved, useSaving, type Saving } from './saved-query.ts';
import { placeWords } from './saved-words.ts';

export function SavedPanel({ onDone }: { onDone: () => void }): ReactNode {
  const { items, error, retry } = useSaved();
  const saving = useSaving();
  const shown = (items ?? []).filter(({ kind }) => kind !== 'known');
  return (
    <>
      <SaveForm saving={saving} />
      {saving.error !== null && (
        <p role="alert" className="border-b border-line px-3 py-2 text-xs text-dropped">
          {saving.error.message}
        </p>
      )}
      {items === undefined && error !== null ? (
        <p role="alert" className="flex items-center gap-2 px-3 py-2 text-xs text-dropped">
          <span className="flex-1">What is saved could not be read: {error.message}</span>
          <Button size="small" onClick={retry}>
            Retry
          </Button>
        </p>
      ) : items === undefined ? (
        <div role="status" aria-label="Loading" className="space-y-2 p-3">
          <span className="skeleton block h-4 w-2/3" />
          <span className="skeleton block h-4 w-1/2" />
        </div>
      ) : shown.length === 0 ? (
        <p className="px-3 py-3 text-xs text-ink-faint">Nothing is saved yet.</p>
      ) : (
        <ul aria-label="Saved" className="max-h-80 overflow-y-auto p-1">
          {shown.map((entry) => (
            <SavedLine key={`${entry.kind} ${entry.id}`} entry={entry} saving={saving} onDone={onDone} />
          ))}
        </ul>
      )}
    </>
  );
}

function SaveForm({ saving }: { saving: Saving }): ReactNode {
  const path = usePathname();
  const search = useSearchParams().toString();
  const { filter } = useInvestigation();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<'view' | 'filter'>('view');
  const chosen = filter === '' ? 'view' : kind;
  const item = (): SavedItem => ({
    kind: chosen,
    id: crypto.randomUUID(),
    text: name.trim(),
    place: chosen === 'view' ? placeOf(path, search) : filter,
  });
  return (
    <form
      className="space-y-2 border-b border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '') saving.save(item(), () => setName(''));
      }}
    >
      <div className="flex gap-2">
        <input
          aria-label="Name"
          value={name}
          maxLength={savedLimits.text}
          autoComplete="off"
          placeholder="Name of what is shown"
          onChange={({ target }) => setName(target.value)}
          className="h-7 min-w-0 flex-1 rounded-md border border-line bg-surface px-2 text-ink placeholder:text-ink-faint"
        />
        <select
          aria-label="What to save"
          value={chosen}
          onChange={({ target }) => setKind(target.value === 'filter' ? 'filter' : 'view')}
          className="h-7 rounded-md border border-line bg-surface px-1.5 text-ink"
        >
          <option value="view">The view</option>
          <option value="filter" disabled={filter === ''}>
            The filter
          </option>
        </select>
        <Button type="submit" disabled={name.trim() === '' || saving.isBusy}>
          Save
        </Button>
      </div>
      <p className="text-2xs text-ink-faint">Everyone who opens this Palomar sees what is saved here.</p>
    </form>
  );
}

interface SavedLineProps {
  readonly entry: SavedEntry;
  readonly saving: Saving;
  readonly onDone: () => void;
}

function SavedLine({ entry, saving, onDone }: SavedLineProps): ReactNode {
  const { setFilter } = useInvestigation();
  const [zone] = useZone();
  const { kind, id, text, place } = entry;
  const says = kind === 'view' ? placeWords(place, zone) : place;
  const look = 'block min-w-0 flex-1 rounded-sm px-2 py-1 text-left hover:bg-hover';
  const content = (
    <>
      <span className="block truncate">{text}</span>
      <span className="block truncate text-2xs text-ink-faint" title={says}>
        {kind === 'view' ? says : <span className="font-mono">{says}</span>}
      </span>
    </>
  );
  return (
    <li className="flex items-center">
      {kind === 'view' ? (
        <Link prefetch={false} href={place} onClick={onDone} className={look}>
          {content}
        </Link>
      ) : (
        <button
          type="button"
          className={look}
          onClick={() => {
            onDone();
            setFilter(place);
          }}
        >
          {content}
        </button>
      )}
      <Button
        look="ghost"
        size="icon"
        aria-label={`Delete ${text} for everyone`}
        title="Delete for everyone"
        disabled={saving.isBusy}
        onClick={() => saving.remove({ kind, id })}
      >
        <Trash2 aria-hidden className="size-3.5" />
      </Button>
    </li>
  );
}
