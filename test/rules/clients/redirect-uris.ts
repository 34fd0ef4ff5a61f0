/** Addresses and whether they may be registered as redirect URIs. */

/** For every client. */
export const taken: readonly string[] = [
  'https://app.example/cb', 'https://app.example', 'https://app.example/', 'https://app.example:8443/cb',
  'https://app.example:1/cb', 'https://app.example/cb/', 'https://app.example/a/b/c', 'https://app.example//cb',
  'https://app.example/cb?x=1', 'https://app.example/cb?dummy1=lorem&dummy2=ipsum', 'https://app.example/cb?',
  'https://app.example/cb?x=%2F%2e%00', 'https://app.example/cb?u=https://other.example/', 'https://app.example/?a=b@c',
  'https://app.example/~user/cb', 'https://app.example/cb;v=1', 'https://app.example/a,b', 'https://app.example/cb=1',
  'https://app.example/@me/cb', 'https://app.example/a:b', 'https://app.example/%20cb', 'https://app.example/%C3%A4',
  'https://app.example/CB', 'https://xn--bcher-kva.example/cb', 'https://sub.app.example/cb', 'https://a-b.example/cb',
  'https://192.0.2.1/cb', 'https://[2001:db8::1]/cb', 'https://localhost/cb', 'https://127.0.0.1/cb',
  "https://app.example/o'brien", 'https://app.example/(a)', 'https://app.example/$x!', 'https://app.example/.hidden',
  'https://app.example/a..b', 'https://app.example/...',
] // prettier-ignore

/** For native clients (RFC 8252 7.3). */
export const loopback: readonly string[] = [
  'http://127.0.0.1/cb', 'http://127.0.0.1', 'http://127.0.0.1/', 'http://127.0.0.1:7777/cb',
  'http://127.0.0.1:65535/cb', 'http://127.0.0.1:7777/cb?x=1', 'http://[::1]/cb', 'http://[::1]:7777/cb', 'http://[::1]',
] // prettier-ignore

/** For nobody. */
export const refused: readonly string[] = [
  // Not https.
  'http://app.example/cb', 'http://app.example:443/cb', 'http://192.0.2.1/cb', 'http://10.0.0.1/cb', 'http://0.0.0.0/cb',
  'http://127.0.0.2/cb', 'http://127.0.0.1.evil.example/cb', 'http://localhost/cb', 'http://localhost:7777/cb',
  'http://localhost.evil.example/cb', 'http://app.localhost/cb', 'http://[::2]/cb', 'http://[::ffff:7f00:1]/cb', 'http://[::]/cb',
  'http://127.0.0.1.:7777/cb', 'http://loopback/cb', 'http://ip6-localhost/cb',
  'ftp://app.example/cb', 'ws://app.example/cb', 'wss://app.example/cb', 'file:///etc/passwd', 'javascript:alert(1)',
  'javascript://app.example/%0aalert(1)', 'data:text/html,x', 'blob:https://app.example/x', 'mailto:a@app.example',
  'about:blank', 'vbscript:x', 'com.example.app:/cb', 'com.example.app://cb', 'myapp:cb', 'urn:ietf:wg:oauth:2.0:oob',
  'intent://x#Intent;end', 'https+x://app.example/cb', 'httpss://app.example/cb',
  // Not the canonical text of an address, so that another text could mean the same.
  'HTTPS://app.example/cb', 'Https://app.example/cb', 'https://APP.example/cb', 'https://app.Example/cb',
  'https://app.example:443/cb', 'https://app.example:/cb', 'https://app.example:08443/cb', 'https://app.example?x=1',
  'https://app.example/./cb', 'https://app.example/../cb', 'https://app.example/x/../cb', 'https://app.example/x/..',
  'https://app.example/.', 'https://app.example/%2e%2e/cb', 'https://app.example/%2E/cb', 'https://app.example/.%2e/cb',
  'https:app.example/cb', 'https:/app.example/cb', 'https:///app.example/cb', 'https://///app.example/cb',
  'http://127.0.0.1:80/cb', 'http://127.1/cb', 'http://127.0.1/cb', 'http://2130706433/cb', 'http://0x7f.0.0.1/cb',
  'http://0x7f000001/cb', 'http://0177.0.0.1/cb', 'http://127.0.0.01/cb', 'http://[0:0:0:0:0:0:0:1]/cb', 'http://[::0001]/cb',
  'http://[0::1]/cb', 'http://127.0.0.1:07777/cb', 'http://127.0.0.1:/cb', 'HTTP://127.0.0.1/cb',
  'https://[2001:DB8::1]/cb', 'https://[2001:db8:0:0:0:0:0:1]/cb', 'https://%61pp.example/cb', 'https://app%2eexample/cb',
  // Characters of no URI.
  'https://app.example/c b', ' https://app.example/cb', 'https://app.example/cb ', 'https://app.example/cb\n',
  'https://app.example/\tcb', 'https://app.example/cb\r\nSet-Cookie: a=b', 'https://app.example/\u0000', 'https://app.example/ä',
  'https://b\u00fccher.example/cb', 'https://\u0430pp.example/cb', 'https://app\u3002example/cb', 'https://app.example\uff0fcb',
  'https://app.example\u2044cb', 'https://app.example/\u202ecb', 'https://app.example/cb\u200b', 'https://app.example/\u007f',
  'https://app.example/"cb', 'https://app.example/<cb>', 'https://app.example/{cb}', 'https://app.example/c|b',
  'https://app.example/c^b', 'https://app.example/c`b', 'https://app.example/cb?x="y"', 'https://app.example/cb?<script>',
  'https://app.example\\cb', 'https:\\\\app.example\\cb', 'https://app.example/x\\..\\cb', 'https://app.example\\@evil.example/',
  // Wildcards are no addresses.
  'https://*.app.example/cb', 'https://app.example/*', 'https://*/cb', 'https://app.example/cb?x=*', '*',
  // Fragments.
  'https://app.example/cb#', 'https://app.example/cb#f', 'https://app.example/#/cb', 'https://app.example/cb?x#y',
  'https://app.example#@evil.example/', 'http://127.0.0.1/cb#f',
  // User information.
  'https://user@app.example/cb', 'https://user:pass@app.example/cb', 'https://@app.example/cb', 'https://:@app.example/cb',
  'https://:pass@app.example/cb', 'https://app.example@evil.example/cb', 'https://app.example:443@evil.example/cb',
  'https://app.example%40@evil.example/cb', 'http://127.0.0.1@evil.example/cb', 'http://user@127.0.0.1/cb',
  // Encodings that servers read in different ways.
  'https://app.example/x/..%2fcb', 'https://app.example/x%2Fcb', 'https://app.example/x%5ccb', 'https://app.example/cb%00',
  'https://app.example/cb%0d%0ax', 'https://app.example/cb%0A', 'https://app.example/x%2ecb', 'https://app.example/cb%',
  'https://app.example/cb%4', 'https://app.example/cb%zz', 'https://app.example/cb?x=%', 'https://app.example/cb%u0041',
  // Not absolute, or without a host.
  '', '/', '/cb', 'cb', '//app.example/cb', 'app.example/cb', 'https', 'https:', 'https://', 'https:///', 'https://?', 'https://:443/',
  'https://app.example:65536/cb', 'https://app.example:-1/cb', 'https://app.example:x/cb', 'https://[::1/cb', 'https://[::g]/cb',
  'https://999.999.999.999/cb', 'https://256.0.0.1/cb', 'https://app example/cb', 'null', 'undefined', '?x=1', '#',
] // prettier-ignore
