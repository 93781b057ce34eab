import { fileURLToPath } from 'node:url';

const packages = '../../packages';

export default {
  poweredByHeader: false,
  headers: async () => [
    {
      source: '/',
      headers: [
        { key: 'content-security-policy', value: "frame-ancestors 'none'; base-uri 'none'; form-action 'none'" },
        { key: 'referrer-policy', value: 'no-referrer' },
        { key: 'x-content-type-options', value: 'nosniff' },
      ],
    },
  ],
  // Inside of this repository the packages are used as sources, without a build. An app of yours installs them, and needs
  // nothing of what follows.
  turbopack: {
    root: fileURLToPath(new URL('../../', import.meta.url)),
    resolveAlias: {
      '@sluice/next': `${packages}/next/src/index.ts`,
      '@sluice/core': `${packages}/core/src/index.ts`,
      '@sluice/core/web': `${packages}/core/src/web.ts`,
      '#upstream': `${packages}/core/src/upstream/undici.ts`,
      '#platform': `${packages}/core/src/platform/node.ts`,
    },
  },
};
