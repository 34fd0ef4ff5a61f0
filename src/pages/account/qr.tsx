import { encode } from 'uqr'

/**
 * A QR code as elements, without style: dark on light in both colour schemes, since many cameras read
 * nothing else.
 *
 * @example <QrCode text="otpauth://totp/…" label="Picture with the key" />
 */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const dark = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  )
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      width="200"
      height="200"
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={dark.join('')} fill="#000" />
    </svg>
  )
}

/** A secret or a code in groups of four, which are easier to read and to copy. */
export const inGroups = (text: string): string => (text.match(/.{1,4}/g) ?? []).join(' ')
