/** Listens for the keys of `shortcuts.ts`, except where the reader is typing. */
'use client';

import { useEffect, useEffectEvent } from 'react';

import { commandOf, type Command } from './shortcuts.ts';

const pairMs = 900;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

export function useShortcuts(run: (command: Command) => void): void {
  const handle = useEffectEvent(run);
  useEffect(() => {
    const stop = new AbortController();
    let before: { key: string; atMs: number } | null = null;
    window.addEventListener(
      'keydown',
      (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
        const fresh = before !== null && event.timeStamp - before.atMs < pairMs ? before.key : null;
        const command = commandOf(event.key, fresh);
        before = { key: event.key, atMs: event.timeStamp };
        if (command === null) return;
        event.preventDefault();
        handle(command);
      },
      { signal: stop.signal },
    );
    return () => stop.abort();
  }, []);
}

/** Ctrl-K or Cmd-K, also while typing. */
export function usePaletteKey(toggle: () => void): void {
  const handle = useEffectEvent(toggle);
  useEffect(() => {
    const stop = new AbortController();
    window.addEventListener(
      'keydown',
      (event) => {
        if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
          return;
        event.preventDefault();
        handle();
      },
      { signal: stop.signal },
    );
    return () => stop.abort();
  }, []);
}
