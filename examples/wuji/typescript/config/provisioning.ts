export default {
  workspace: { name: 'wuji', version: '1.0.0', description: 'Reference workspace' },
  providers: { active: ['upcloud'], default: 'upcloud' },
};
