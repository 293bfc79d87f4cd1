/** Light, dark, or as the system says; the attribute on the root element decides, see `globals.css`. */
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const isTheme = (text: string): text is Theme => themes.some((theme) => theme === text);

/** Runs before the first paint, so that the page does not flash in the other theme. Keep in step with `stored.ts`. */
export const themeScript = `try{var t=localStorage.getItem('palomar.theme');if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch(e){}`;
