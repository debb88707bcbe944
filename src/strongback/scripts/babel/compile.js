// Compiles the source of an integration's script as Rocket.Chat does when it is saved. Evaluated after babel.min.js.
(() => {
  "use strict";
  const loose = { loose: true };
  const options = {
    babelrc: false,
    configFile: false,
    comments: false,
    compact: true,
    minified: true,
    sourceMaps: false,
    sourceType: "module",
    parserOpts: {
      allowReturnOutsideFunction: true,
      allowImportExportEverywhere: true,
      allowSuperOutsideMethod: true,
      allowUndeclaredExports: true,
      strictMode: false,
    },
    plugins: [
      "proposal-nullish-coalescing-operator",
      "proposal-optional-chaining",
      "proposal-optional-catch-binding",
      "proposal-class-properties",
      "proposal-async-generator-functions",
      "proposal-object-rest-spread",
      "proposal-logical-assignment-operators",
      "transform-arrow-functions",
      "transform-block-scoped-functions",
      "transform-block-scoping",
      ["transform-classes", loose],
      ["transform-computed-properties", loose],
      "transform-destructuring",
      ["transform-for-of", loose],
      "transform-literals",
      "transform-object-super",
      "transform-parameters",
      "transform-shorthand-properties",
      "transform-spread",
      "transform-sticky-regex",
      ["transform-template-literals", loose],
      "transform-typeof-symbol",
      "transform-unicode-regex",
      "transform-property-literals",
      "transform-exponentiation-operator",
      "transform-regenerator",
    ],
  };

  // Takes the JSON text of a source, so that any string can pass; answers the JSON text of {code} or {error}, `broken`
  // where it was not the source that Babel stumbled over: then its memory was at an end.
  globalThis.compile = (quoted) => {
    try {
      return JSON.stringify({ code: Babel.transform(JSON.parse(quoted), options).code });
    } catch (error) {
      const { name, message } = Object(error);
      const broken = !(error instanceof RangeError || String(message).startsWith("unknown"));
      return JSON.stringify({ error: { name, message, stack: `${name}: ${message}` }, broken });
    }
  };
})();
