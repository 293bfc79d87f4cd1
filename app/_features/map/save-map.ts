/** Saves what the map draws as a file: colours of the light theme, read from the page, because a picture is mostly put on white. */
import { saveFile } from '../../_components/save-file.ts';
import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import type { EdgePalette } from './draw-edges.ts';
import { paletteOf } from './edge-palette.ts';
import { captionOf, type MapAbout } from './map-caption.ts';
import { mapJson } from './map-json.ts';
import { fontFamily, mapSvg, type Ink, type SvgContext, type SvgPalette } from './map-svg.ts';
import type { Picture } from './picture.ts';

export const mapFormats = ['png', 'svg', 'json'] as const;
export type MapFormat = (typeof mapFormats)[number];

/** The map cannot be made into such a file here; the message says why. */
export class SaveFailure extends Error {
  override readonly name = 'SaveFailure';
}

export async function saveMap(format: MapFormat, about: MapAbout, picture: Picture, layout: MapLayout): Promise<void> {
  const at = new Date(about.response.range.toMs).toISOString().slice(0, 19).replaceAll(':', '');
  const name = `palomar-map-${at}Z.${format}`;
  if (format === 'json') {
    saveFile(new Blob([mapJson(about, picture, layout)], { type: 'application/json' }), name);
    return;
  }
  const svg = mapSvg(picture, layout, 'Service map', captionOf(about, picture), svgContext(picture));
  const file = new Blob([svg], { type: 'image/svg+xml' });
  saveFile(format === 'svg' ? file : await rastered(file), name);
}

function svgContext(picture: Picture): SvgContext {
  const brush = brushOf(1, 1);
  return {
    palette: lightPalette(brush),
    widthOf: (words, size, isBold) => {
      brush.font = `${isBold ? '600 ' : ''}${size}px ${fontFamily}`;
      return brush.measureText(words).width;
    },
    glyphs: glyphsOf(picture),
  };
}

function brushOf(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const brush = canvas.getContext('2d', { willReadFrequently: true });
  if (brush === null) throw new SaveFailure('This browser gives the page no canvas to draw on.');
  return brush;
}

/** The page wears the light theme while its colours are read, which is too short to be seen. */
function lightPalette(brush: CanvasRenderingContext2D): SvgPalette {
  const tones = document.querySelector<HTMLElement>('[data-edge-tones]');
  if (tones === null) throw new SaveFailure('The map is not drawn yet.');
  const root = document.documentElement;
  const theme = root.dataset['theme'];
  const swatch = document.createElement('span');
  swatch.hidden = true;
  document.body.append(swatch);
  root.dataset['theme'] = 'light';
  try {
    return paletteFrom(tones, swatch, (colour) => asHex(colour, brush));
  } finally {
    swatch.remove();
    if (theme === undefined) delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
  }
}

function paletteFrom(tones: HTMLElement, swatch: HTMLElement, written: (colour: string) => string): SvgPalette {
  const { tone, dimmed, change, calm, mark, paper } = paletteOf(tones);
  const ofStates = (tones: EdgePalette['tone']): EdgePalette['tone'] => ({
    plain: written(tones.plain),
    warm: written(tones.warm),
    marked: written(tones.marked),
    dropped: written(tones.dropped),
  });
  const inkOf = (name: Ink): string => {
    swatch.style.color = `var(--${name})`;
    return written(getComputedStyle(swatch).color);
  };
  return {
    edges: {
      tone: ofStates(tone),
      dimmed: ofStates(dimmed),
      change: { new: written(change.new), gone: written(change.gone), changed: written(change.changed) },
      calm: written(calm),
      mark: written(mark),
      paper: written(paper),
    },
    ink: {
      canvas: inkOf('canvas'),
      raised: inkOf('raised'),
      'line-strong': inkOf('line-strong'),
      box: inkOf('box'),
      'box-line': inkOf('box-line'),
      ink: inkOf('ink'),
      'ink-soft': inkOf('ink-soft'),
      'ink-faint': inkOf('ink-faint'),
      accent: inkOf('accent'),
      dropped: inkOf('dropped'),
      'edge-warm': inkOf('edge-warm'),
    },
  };
}

/** Other programs than browsers read no `oklch()`. */
function asHex(colour: string, brush: CanvasRenderingContext2D): string {
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = brush.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Of each kind, what the first card of it shows. */
function glyphsOf(picture: Picture): ReadonlyMap<string, string> {
  const glyphs = new Map<string, string>();
  for (const card of document.querySelectorAll<HTMLElement>('[data-card]')) {
    const kind = picture.nodes.get(card.dataset['card'] ?? '')?.node.kind;
    const glyph = card.querySelector('svg');
    if (kind === undefined || glyph === null || glyphs.has(kind)) continue;
    glyphs.set(kind, [...glyph.children].map((part) => new XMLSerializer().serializeToString(part)).join(''));
  }
  return glyphs;
}

/** Twice as many pixels, for print and large screens; a very large map gets fewer rather than none. */
const density = 2;
const mostPixels = 64_000_000;
const mostAcross = 16_000;

async function rastered(svg: Blob): Promise<Blob> {
  const image = new Image();
  const href = URL.createObjectURL(svg);
  try {
    image.src = href;
    await image.decode();
    const { width, height } = image;
    const scale = Math.min(density, mostAcross / Math.max(width, height), Math.sqrt(mostPixels / (width * height)));
    const brush = brushOf(Math.round(width * scale), Math.round(height * scale));
    brush.drawImage(image, 0, 0, brush.canvas.width, brush.canvas.height);
    const png = await new Promise<Blob | null>((done) => brush.canvas.toBlob(done, 'image/png'));
    if (png === null) throw new SaveFailure('The picture is too large for this browser; take the SVG.');
    return png;
  } finally {
    URL.revokeObjectURL(href);
  }
}
