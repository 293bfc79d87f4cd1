/** The console's buttons: quiet by default, one accent for the way out, an icon alone where its meaning is a habit. */
import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps, ReactNode } from 'react';

import { classes } from './classes.ts';

export const buttonStyle = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md text-sm whitespace-nowrap transition-colors disabled:opacity-45',
  {
    variants: {
      look: {
        plain:
          'border border-line bg-surface text-ink not-disabled:hover:border-line-strong not-disabled:hover:bg-hover',
        ghost: 'text-ink-soft not-disabled:hover:bg-hover not-disabled:hover:text-ink',
        accent: 'bg-accent font-medium text-on-accent not-disabled:hover:opacity-90',
      },
      size: { normal: 'h-7 px-2.5', icon: 'size-7', small: 'h-6 px-2 text-xs' },
      isOn: { true: 'border-accent bg-accent-soft text-accent', false: '' },
    },
    defaultVariants: { look: 'plain', size: 'normal', isOn: false },
  },
);

type ButtonProps = ComponentProps<'button'> & VariantProps<typeof buttonStyle>;

export function Button({ look, size, isOn, className, ...rest }: ButtonProps): ReactNode {
  return <button type="button" className={classes(buttonStyle({ look, size, isOn }), className)} {...rest} />;
}
