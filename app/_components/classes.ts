/** Joins class names; a later utility wins over an earlier one of the same property. */
import { clsx, type ClassValue } from 'clsx';
import { twMerge } from 'tailwind-merge';

export const classes = (...values: ClassValue[]): string => twMerge(clsx(values));
