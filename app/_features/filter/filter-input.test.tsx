// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { NuqsTestingAdapter } from 'nuqs/adapters/testing';
import { createRef } from 'react';
import { afterEach, describe, expect, test } from 'vitest';

import { FilterInput } from './filter-input.tsx';

afterEach(cleanup);

function show(filter = ''): { field: HTMLInputElement; urls: string[] } {
  const urls: string[] = [];
  render(
    <NuqsTestingAdapter
      hasMemory
      searchParams={filter === '' ? '' : { filter }}
      onUrlUpdate={({ searchParams }) => urls.push(searchParams.get('filter') ?? '')}
    >
      <FilterInput field={createRef()} />
    </NuqsTestingAdapter>,
  );
  return { field: screen.getByRole<HTMLInputElement>('textbox', { name: 'Filter' }), urls };
}

const enter = (field: HTMLInputElement, text: string): void => {
  fireEvent.change(field, { target: { value: text } });
  fireEvent.submit(field);
};

describe('the filter field', () => {
  test('shows what the URL says', () => {
    expect(show('ns:production').field.value).toBe('ns:production');
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
});
