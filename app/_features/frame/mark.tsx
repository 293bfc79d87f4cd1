/** The product's mark: an observatory's dome with its slit open. */
import type { ReactNode } from 'react';

export function Mark(): ReactNode {
  return (
    <svg
      aria-hidden
      viewBox="0 0 20 20"
      className="size-5 text-accent"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
    >
      <path d="M3 14.5a7 7 0 0 1 5.2-6.8M17 14.5A7 7 0 0 0 12.6 8" strokeLinecap="round" />
      <path d="M10 14.5 13.6 3.2M7 14.5h6" strokeLinecap="round" />
      <path d="M2 17h16" strokeLinecap="round" />
    </svg>
  );
}
