-- CreateIndex
CREATE INDEX "site_integration_config_json_idx" ON "site_integration" USING GIN ("config_json" jsonb_path_ops);
