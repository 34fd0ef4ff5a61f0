/**
 * Near misses of a registered redirect URI: over 200 that an attacker could hope to pass for it, as other
 * servers let them. None is the address itself.
 *
 * @example bend('https://app.example/cb') // ['https://app.example/cb/', …]
 */
export function bend(registered: string): readonly string[] {
  const url = new URL(registered)
  const all = [...paths(url), ...queries(url), ...hosts(url), ...authorities(url), ...schemes(url), ...texts(url)] // prettier-ignore
  return [...new Set(all)].filter((one) => one !== registered)
}

const evil = 'evil.example'

function paths({ origin, pathname: path }: URL): readonly string[] {
  const last = path.slice(-1)
  const encoded = `%${last.charCodeAt(0).toString(16)}`
  const whole = [
    '', '/', '//', `${path}/`, `/${path}`, path.toUpperCase(), path.slice(0, -1), `${path}2`, `${path}${last}`,
    `${path}/evil`, `${path};x`, `${path};jsessionid=1`, `${path}%20`, `${path}+`, `${path.slice(0, -1)}${encoded}`,
    `${path}%09`, `${path}%0a`, `${path}%0d%0aSet-Cookie:x=y`, `${path}%00`, `${path}%00.${evil}`, `${path}%3f`,
    `${path}%23`, `${path}%2f`, `${path}%2F`, `${path}%2fevil`, `${path}%5c`, `${path}%5cevil`, `${path}%252f..%252fevil`,
    `${path}/%E2%80%AE`, `${path}/..`, `${path}/.`, `${path}/../evil`, `${path}/..%2fevil`, `${path}/%2e%2e/evil`,
    `${path}/.%2e/evil`, `${path}/%2e%2e%2fevil`, `${path}/..%5cevil`, `${path}/..;/evil`, `${path}/..%00/evil`,
    `${path}/..%c0%af..%c0%afevil`, `${path}/..%ef%bc%8fevil`, `${path}/....//evil`, `/.${path}`, `/x/..${path}`,
    `/%2e${path}`, `/x/%2e%2e${path}`, `\\${path.slice(1)}`, `/\\${evil}${path}`, `//${evil}${path}`, `/%09/${evil}`,
    '/*', `${path}*`, `${path}.*`, `${path}$`, `${path}%`, `${path}%2`, `${path}%zz`, `${path}%u0041`, `${path}.html`,
    `${path}.${evil}`, `${path}@${evil}`, `${path}:443`, `${path}/"onload="x`, `${path}/<script>`, `${path}>`,
    `${path}\``, `${path}{x}`, `${path}^`, `${path}|`, `${path}'`, `${path}"`, `${path},x`, `${path}~`, `${path}!`,
    `${path}/${'a'.repeat(2_100)}`,
  ] // prettier-ignore
  return whole.map((one) => `${origin}${one}`)
}

function queries({ origin, pathname, search }: URL): readonly string[] {
  const base = `${origin}${pathname}`
  const joined = search === '' ? '?' : `${search}&`
  const added = [
    'x=1', `next=https://${evil}`, `redirect_uri=https://${evil}`, 'code=x', 'state=x', 'iss=x', 'response=x', 'error=x',
    'x', '%00', '%0d%0aSet-Cookie:x=y', '/../evil', `@${evil}`, '?', '&', '=', 'code=x&code=y', '%23', '\\',
  ].map((one) => `${base}${joined}${one}`) // prettier-ignore
  const fragments = ['#', '#x', '#/', `#@${evil}`, '#code=x', '#?x=1', '%23x', '#%0a', '##'].map(
    (one) => `${base}${search}${one}`,
  )
  return [
    ...added,
    ...fragments,
    `${base}?`,
    `${base}${search}?`,
    `${base}&x=1`,
    `${base}${search}#?`,
  ]
}

function hosts({ protocol, host, pathname, search }: URL): readonly string[] {
  const tail = `${pathname}${search}`
  const dash = host.replace('.', '-')
  const bare = host.replace(/\./g, '')
  const names = [
    evil, `${host}.${evil}`, `evil${host}`, `evil-${host}`, `a.${host}`, `www.${host}`, `${host}.`, dash, bare, host.slice(0, -1),
    `${host}e`, `${host}.com`, host.toUpperCase(), host.replace(/e/, 'é'), host.replace(/e/, 'е'), host.replace(/\./, '。'),
    host.replace(/\./, '．'), host.replace(/^./, 'ｗ'), host.replace(/a|e|o/, '0'), host.replace(/l|i|e/, '1'),
    `xn--${bare}-yia.example`, `${host}%00.${evil}`, `${host}%0a.${evil}`, `${host}%2e${evil}`, `${host}%2f.${evil}`,
    `${host}\\.${evil}`, `${evil}\\.${host}`, `${host}_.${evil}`, `${host},${evil}`, `${host};${evil}`, `${host} ${evil}`,
    `*.${host}`, '*', `[${host}]`, '[::1]', '[::ffff:127.0.0.1]', 'localhost', '127.0.0.1', '127.1', '0.0.0.0', '2130706433',
    '0x7f.1', '0177.0.0.1', '169.254.169.254', 'metadata.google.internal', '', '.', `${host}..`, `.${host}`, `-${host}`,
    host.replace(/\./, '\u200b.'), host.replace(/\./, '\u00ad.'), host.replace(/\./, '\t.'), `${host}\u202e`,
  ] // prettier-ignore
  return names.map((name) => `${protocol}//${name}${tail}`)
}

function authorities({ protocol, host, pathname, search }: URL): readonly string[] {
  const tail = `${pathname}${search}`
  const whole = [
    `user@${host}`, `user:pass@${host}`, `@${host}`, `:@${host}`, `${host}@${evil}`, `${host}:443@${evil}`, `${host}%40${evil}`,
    `${host}%2f@${evil}`, `${host}#@${evil}`, `${host}?@${evil}`, `${host}\\@${evil}`, `${host};@${evil}`, `${evil}#@${host}`,
    `${evil}%23@${host}`, `${evil}%00@${host}`, `${evil}/@${host}`, `${evil}\\@${host}`, `${host}:8443`, `${host}:80`,
    `${host}:65535`, `${host}:`, `${host}:0443`, `${host}:99999`, `${host}:-1`, `${host}:443x`, `${host}:x`, `${host}:443:443`,
  ] // prettier-ignore
  return whole.map((one) => `${protocol}//${one}${tail}`)
}

function schemes({ href, host, pathname, search }: URL): readonly string[] {
  const rest = `${host}${pathname}${search}`
  const other = [
    'ftp://', 'ws://', 'wss://', 'javascript://', 'data://', 'file://', 'intent://', 'view-source:https://', 'blob:https://',
    'https:', 'https:/', 'https:///', 'https:////', 'https:\\\\', 'https:/\\', '//', '/', '', 'HTTPS://', 'hTTps://', 'https ://',
    'https%3a//', 'https%3A%2F%2F', 'com.example.app:/', 'app://', 'httpss://', 'xhttps://', 'https.://', 'feed:https://',
  ] // prettier-ignore
  const swapped = href.startsWith('https:')
    ? href.replace('https:', 'http:')
    : href.replace('http:', 'https:')
  const alone = [
    'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\nscript:alert(1)', `javascript://${rest}%0aalert(1)`,
    'data:text/html,<script>alert(1)</script>', 'data:text/html;base64,PHNjcmlwdD4=', 'vbscript:x', 'about:blank',
    'file:///etc/passwd', 'mailto:a@evil.example', 'urn:ietf:wg:oauth:2.0:oob', 'urn:ietf:wg:oauth:2.0:oob:auto', 'tel:1',
  ] // prettier-ignore
  return [swapped, ...other.map((scheme) => `${scheme}${rest}`), ...alone]
}

function texts({ href, origin }: URL): readonly string[] {
  const around = [' ', '\t', '\n', '\r\n', '\u00a0', '\u200b', '\u0000', '\ufeff', '"', "'", '<', '>'].flatMap((one) => [`${one}${href}`, `${href}${one}`]) // prettier-ignore
  const several = [
    `${href} https://${evil}/cb`, `${href},https://${evil}/cb`, `${href}|https://${evil}/cb`, `${href}\nhttps://${evil}/cb`,
    `https://${evil}/${href}`, `https://${evil}/cb?${href}`, `https://${evil}/cb#${href}`, `["${href}"]`, `${href}${href}`,
    encodeURIComponent(href), origin.slice(0, -1), 'cb', '?code=x', '#', '.', '*', 'null', 'undefined', '[object Object]',
    '__proto__', 'true', '0', '%', '\u202e', '😀',
  ] // prettier-ignore
  return [...around, ...several]
}
