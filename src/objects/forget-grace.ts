/**
 * What is refused is remembered this long (ms) after it would be refused anyway, because the clocks of
 * those who ask differ.
 */
export const forgetGrace = 60_000
