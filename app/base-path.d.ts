/** What the build puts into the page. */
declare namespace NodeJS {
  interface ProcessEnv {
    readonly PALOMAR_BASE_PATH?: string;
  }
}
