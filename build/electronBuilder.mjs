/** electron-builder's configuration. Fuses are closed in what is released: the binary is no Node, takes no inspector, loads its own archive only. */
export const configuration = /** @type {const} */ ({
  appId: "org.bulkhead.app",
  productName: "Bulkhead",
  directories: { output: "dist/packages" },
  files: ["dist/main/**", "dist/renderer/**", "dist/agent/**", "dist/changesWorker.mjs", "dist/launcher/**", "dist/seccomp/**", "dist/hashes.json", "native-profiles/**", "package.json"],
  asar: true,
  asarUnpack: ["node_modules/node-pty/**", "node_modules/@napi-rs/**", "dist/launcher/**", "dist/seccomp/**", "dist/agent/**", "dist/changesWorker.mjs"],
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  linux: { target: ["dir"], executableArgs: [] },
  mac: { target: ["dir"], hardenedRuntime: true, gatekeeperAssess: false },
});
