/** For paths that are no view. */
import Link from 'next/link';
import type { ReactNode } from 'react';

export default function NotFound(): ReactNode {
  return (
    <div className="flex h-full items-center justify-center">
      <p>
        There is no such view.{' '}
        <Link href="/" className="text-accent underline">
          Go to the map
        </Link>
      </p>
    </div>
  );
}
