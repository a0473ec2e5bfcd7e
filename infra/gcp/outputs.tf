output "repository" {
  value = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "collector_service_account" {
  value = google_service_account.collector.email
}

output "signing_key_secret" {
  value = google_secret_manager_secret.signing_key.id
}

output "job" {
  value = google_cloud_run_v2_job.collector.id
}
