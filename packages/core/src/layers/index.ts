export type { LayerPlaces, RuntimeLayer } from './collect.ts';
export { type AroundLayers, layersAround, withLayers } from './definition.ts';
export { type LayerStatistics, layerStatistics } from './counts.ts';
export { type KeyExplanation, explainKey, resolveModule } from './explain.ts';
export { type FileMark, type LayerOverview, layerOverview, modulesOf } from './overview.ts';
export type { LeafProvenance } from './provenance.ts';
export { LayerResolver, type Resolution, type ResolvedSource } from './resolve.ts';
export { type LayerName, layerPriority, shownPath } from './source.ts';
export { type LayerPlacesOptions, layerPlaces } from './places.ts';
