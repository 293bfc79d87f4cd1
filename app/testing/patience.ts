/** How long the tests of the page wait for it: a loaded machine is no failure. */
import { configure } from '@testing-library/react';

configure({ asyncUtilTimeout: 20_000 });
