const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/**
 * The words of a page of ours as a person reads them, a line for each block: what is kept as evidence of
 * what was shown. For markup made by this server alone, which escapes what comes from elsewhere.
 */
export function textOf(markup: string): string {
  const main = /<main[^>]*>([\s\S]*)<\/main>/.exec(markup)?.[1] ?? markup
  return main
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(
      /<(?:\/?(?:p|h[1-6]|li|ul|dl|dt|dd|div|form|fieldset|legend|button|label)|br)\b[^>]*>/g,
      '\n',
    )
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity)
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n')
}
