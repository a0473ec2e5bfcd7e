# Who is told, when anybody is.
resource "google_monitoring_notification_channel" "email" {
  count = var.alarm_email != null ? 1 : 0

  display_name = "Cadastre alarms"
  type         = "email"
  labels       = { email_address = var.alarm_email }

  depends_on = [google_project_service.needed]
}

locals {
  channels   = google_monitoring_notification_channel.email[*].name
  executions = "resource.type = \"cloud_run_job\" AND resource.labels.job_name = \"${google_cloud_run_v2_job.collector.name}\" AND metric.type = \"run.googleapis.com/job/completed_execution_count\""
}

resource "google_monitoring_alert_policy" "failed" {
  display_name          = "${var.name}: the GCP collector fails"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "an execution failed, its retry included"

    condition_threshold {
      filter          = "${local.executions} AND metric.labels.result = \"failed\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    content   = "It looks at the GCP projects: while it fails, operators see the networks, machines and addresses of its last run, and no deletion is noticed. The job's log says why."
    mime_type = "text/markdown"
  }

  depends_on = [google_project_service.needed]
}

resource "google_monitoring_alert_policy" "silent" {
  display_name          = "${var.name}: the GCP collector is silent"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "no execution succeeded for ${var.silence_hours} h"

    condition_absent {
      filter   = "${local.executions} AND metric.labels.result = \"succeeded\""
      duration = "${var.silence_hours * 3600}s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    content   = "It looks at the GCP projects: while it does not run, what the register shows of them grows old. Is its schedule there and enabled, and does the API answer?"
    mime_type = "text/markdown"
  }

  depends_on = [google_project_service.needed]
}
