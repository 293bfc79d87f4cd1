// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { NuqsTestingAdapter } from 'nuqs/adapters/testing';
import { createRef } from 'react';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { answering } from '../../testing/in-app.tsx';
import { FilterInput } from './filter-input.tsx';
import '../../testing/patience.ts';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(filter = ''): { field: HTMLInputElement; urls: string[] } {
  const urls: string[] = [];
  render(
    <QueryClientProvider client={new QueryClient()}>
      <NuqsTestingAdapter
        hasMemory
        searchParams={filter === '' ? '' : { filter }}
        onUrlUpdate={({ searchParams }) => urls.push(searchParams.get('filter') ?? '')}
      >
        <FilterInput field={createRef()} />
      </NuqsTestingAdapter>
    </QueryClientProvider>,
  );
  return { field: screen.getByRole<HTMLInputElement>('combobox', { name: 'Filter' }), urls };
}

const enter = (field: HTMLInputElement, text: string): void => {
  fireEvent.change(field, { target: { value: text } });
  fireEvent.submit(field);
};

test('values that the store has seen are offered, once the typing rests', async () => {
  const asked: string[] = [];
  vi.stubGlobal(
    'fetch',
    answering(
      {
        '/api/v1/values': {
          range: { fromMs: 0, toMs: 1 },
          field: 'ns',
          values: [{ value: 'payments', lastMs: 1 }],
          truncated: false,
          rowsRead: 1,
          bytesRead: '1',
        },
      },
      asked,
    ),
  );
  const { field } = show();
  fireEvent.focus(field);
  fireEvent.change(field, { target: { value: 'ns:pay' } });
  fireEvent.keyDown(field, { key: 'ArrowDown' });
  await expect.poll(() => asked.filter((url) => url.includes('typed=pay'))).toHaveLength(1);
  fireEvent.keyDown(field, { key: 'ArrowDown' });
  expect(await screen.findByRole('option', { name: 'payments' })).toBeDefined();
});

describe('the filter field', () => {
  test('shows what the URL says', () => {
    expect(show('ns:production').field.value).toBe('ns:production');
  });

  test('keeps a filter of the URL legible that does not parse', () => {
    expect(show('verdct:dropped').field.className).not.toContain('text-transparent');
    cleanup();
    expect(show('verdict:dropped').field.className).toContain('text-transparent');
  });

  test('puts a filter that parses into the URL', async () => {
    const { field, urls } = show();
    enter(field, ' verdict:dropped ');
    await expect.poll(() => urls).toEqual(['verdict:dropped']);
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('says where a bad one is wrong, and leaves the URL alone', () => {
    const { field, urls } = show();
    enter(field, 'ns:production verdct:dropped');
    expect(screen.getByRole('alert').textContent).toContain('(character 15)');
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(urls).toEqual([]);
  });

  test('mends a misspelt field with one click', async () => {
    const { field, urls } = show();
    enter(field, 'verdct:dropped');
    fireEvent.click(screen.getByRole('button', { name: 'Use verdict' }));
    await expect.poll(() => urls).toEqual(['verdict:dropped']);
    expect(field.value).toBe('verdict:dropped');
  });

  test('is cleared by its button', async () => {
    const { urls } = show('ns:production');
    fireEvent.click(screen.getByRole('button', { name: 'Clear the filter' }));
    await expect.poll(() => urls).toEqual(['']);
  });

  test('goes back to what is applied on Escape', () => {
    const { field } = show('ns:production');
    fireEvent.change(field, { target: { value: 'ns:pro' } });
    fireEvent.keyDown(field, { key: 'Escape' });
    expect(field.value).toBe('ns:production');
  });

  test('offers fields and words while typing, and takes one with Tab', () => {
    const { field } = show();
    fireEvent.focus(field);
    fireEvent.change(field, { target: { value: 'verdict:dr' } });
    expect(screen.getByRole('option', { name: 'dropped' })).toBeDefined();
    fireEvent.keyDown(field, { key: 'ArrowDown' });
    expect(field.getAttribute('aria-activedescendant')).toBe(screen.getByRole('option', { name: 'dropped' }).id);
    fireEvent.keyDown(field, { key: 'Tab' });
    expect(field.value).toBe('verdict:dropped ');
  });

  test('shows its terms as chips, each of which can be turned round or taken away', async () => {
    const { urls } = show('ns:production verdict:dropped');
    fireEvent.click(screen.getByRole('button', { name: 'Exclude verdict:dropped instead' }));
    await expect.poll(() => urls.at(-1)).toBe('ns:production not verdict:dropped');
    fireEvent.click(screen.getByRole('button', { name: 'Remove ns:production' }));
    await expect.poll(() => urls.at(-1)).toBe('not verdict:dropped');
  });
});
