/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Tries everything the probe would do, one feature after the other, and undoes it. */
#pragma once

/* Prints a JSON array, one object a feature; 0 if what nothing replaces works here, else EXIT_FAILURE. */
int check_features(void);
