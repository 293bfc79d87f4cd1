/** Esc goes back one step: whoever asked last is asked first, and only one step is taken. */
'use client';

import { useEffect, useEffectEvent } from 'react';

const stack: (() => void)[] = [];

function onKeyDown(event: KeyboardEvent): void {
  if (event.key !== 'Escape' || event.defaultPrevented) return;
  stack.at(-1)?.();
}

export function useEscape(isActive: boolean, back: () => void): void {
  const handle = useEffectEvent(back);
  useEffect(() => {
    if (!isActive) return;
    const entry = (): void => handle();
    if (stack.length === 0) window.addEventListener('keydown', onKeyDown);
    stack.push(entry);
    return () => {
      stack.splice(stack.indexOf(entry), 1);
      if (stack.length === 0) window.removeEventListener('keydown', onKeyDown);
    };
  }, [isActive]);
}
