/** Goes round the three themes. */
'use client';

import { Monitor, Moon, Sun } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import { useStored } from '../../_components/stored.ts';
import { isTheme, themes, type Theme } from './theme.ts';

const icons = { system: Monitor, light: Sun, dark: Moon };

export function ThemeToggle(): ReactNode {
  const [stored, store] = useStored('theme', 'system');
  const theme: Theme = isTheme(stored) ? stored : 'system';
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }, [theme]);
  const Icon = icons[theme];
  const label = `Theme: ${theme}`;
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  return (
    <Button look="ghost" size="icon" aria-label={label} title={label} onClick={() => store(next)}>
      <Icon aria-hidden className="size-4" />
    </Button>
  );
}
