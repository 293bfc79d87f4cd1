/** Preferences of this browser that are not part of an investigation: theme, zone, sizes of panels. */
'use client';

import { useCallback, useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

/** Local storage can be forbidden; then a preference lasts as long as the page. */
const fallback = new Map<string, string>();

function read(key: string): string | null {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return fallback.get(key) ?? null;
  }
}

function write(key: string, value: string): void {
  try {
    window.localStorage.setItem(key, value);
  } catch {
    fallback.set(key, value);
  }
  for (const listener of listeners) listener();
}

export function useStored(name: string, initial: string): readonly [string, (value: string) => void] {
  const key = `palomar.${name}`;
  const value = useSyncExternalStore(
    subscribe,
    () => read(key) ?? initial,
    () => initial,
  );
  const set = useCallback((next: string) => write(key, next), [key]);
  return [value, set];
}
