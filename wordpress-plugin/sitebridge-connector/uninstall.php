<?php
/**
 * Removes everything the plugin stored, on every site of a network.
 *
 * @package Sitebridge_Connector
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Removes the plugin's data from the current site. The names are literals, because the plugin is not loaded
 * during the uninstall.
 */
function sitebridge_connector_uninstall_site() {
	global $wpdb;

	foreach ( array( '', '_last_answer', '_db_version', '_structure_seen', '_push_failures', '_delivery', '_lock', '_outbox_version', '_items_version', '_links_version', '_operations_version', '_server', '_servers', '_user', '_candidate', '_installation' ) as $suffix ) {
		delete_option( 'sitebridge_connector' . $suffix );
	}
	wp_clear_scheduled_hook( 'sitebridge_connector_daily_push' );
	wp_clear_scheduled_hook( 'sitebridge_connector_push' );
	wp_clear_scheduled_hook( 'sitebridge_connector_deliver' );
	wp_clear_scheduled_hook( 'sitebridge_connector_outbox' );
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own tables; their names are not user input.
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}sitebridge_nonces, {$wpdb->prefix}sitebridge_outbox, {$wpdb->prefix}sitebridge_items, {$wpdb->prefix}sitebridge_links, {$wpdb->prefix}sitebridge_operations" );
}

/**
 * Removes the tables of sites that were deleted while the plugin could not remove them: it was active on
 * those sites alone, and the network's administration loads only the plugins of the main site.
 */
function sitebridge_connector_uninstall_deleted_sites() {
	global $wpdb;

	// phpcs:disable WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a list of tables is not cached, and the pattern allows no other character in their names.
	foreach ( $wpdb->get_col( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $wpdb->base_prefix ) . '%' ) ) as $table ) {
		if ( 1 === preg_match( '/^' . preg_quote( $wpdb->base_prefix, '/' ) . '[0-9]+_sitebridge_(nonces|outbox|items|links|operations)$/D', $table ) ) {
			$wpdb->query( "DROP TABLE IF EXISTS `{$table}`" );
		}
	}
	// phpcs:enable
}

if ( is_multisite() ) {
	foreach ( get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	) as $sitebridge_blog_id ) {
		switch_to_blog( $sitebridge_blog_id );
		sitebridge_connector_uninstall_site();
		restore_current_blog();
	}
	sitebridge_connector_uninstall_deleted_sites();
} else {
	sitebridge_connector_uninstall_site();
}
