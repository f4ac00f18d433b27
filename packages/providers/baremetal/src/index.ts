export { BaremetalConfig, Inventory, InventoryServer } from './config.ts';
export { provider as default } from './provider.ts';
