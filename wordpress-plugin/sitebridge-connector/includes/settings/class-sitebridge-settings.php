<?php
/**
 * The administrator's settings, and the integration's id from the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * The stored connection: server, site, key, mapped user and the integration's id.
 *
 * All settings are one array in one option that is not autoloaded. The option is an array because
 * wp-admin/options.php prints every option that is a plain string, and the key must not be printed anywhere.
 */
final class Sitebridge_Settings {

	const OPTION = 'sitebridge_connector';

	const DEFAULTS = array(
		'server_url'                => '',
		'site_id'                   => 0,
		'api_key'                   => '',
		'user_id'                   => 0,
		// The user who entered the key. Also a user without network rights who later changed the connection.
		'key_by'                    => 0,
		'integration_id'            => 0,
		'plugin_connection_enabled' => true,
		'two_way_sync_enabled'      => true,
	);

	/**
	 * All settings, with defaults for settings that were never stored.
	 *
	 * @return array The settings by name, as in DEFAULTS.
	 */
	public function all() {
		$stored = get_option( self::OPTION, array() );

		return array_merge( self::DEFAULTS, is_array( $stored ) ? array_intersect_key( $stored, self::DEFAULTS ) : array() );
	}

	/**
	 * One setting.
	 *
	 * @param string $name A key of DEFAULTS.
	 * @return mixed Its value.
	 */
	public function get( $name ) {
		return $this->all()[ $name ];
	}

	/**
	 * Stores some settings and keeps the others.
	 *
	 * @param array $changes New values by name.
	 */
	public function update( array $changes ) {
		update_option( self::OPTION, array_merge( $this->all(), array_intersect_key( $changes, self::DEFAULTS ) ), false );
	}

	/**
	 * Deletes the key, the site's id and the integration's id. The server's address, the mapped user and the
	 * two switches stay, so that connecting again needs only the site's id and the key.
	 */
	public function forget_connection() {
		$this->update(
			array(
				'site_id'        => 0,
				'api_key'        => '',
				'key_by'         => 0,
				'integration_id' => 0,
			)
		);
	}

	/**
	 * Whether all settings for a call to the server are stored.
	 *
	 * @return bool
	 */
	public function is_complete() {
		return self::has_all( $this->all() );
	}

	/**
	 * Whether a connection has everything for a call to the server.
	 *
	 * @param array $all The settings.
	 * @return bool
	 */
	public static function has_all( array $all ) {
		return '' !== $all['server_url'] && $all['site_id'] > 0 && '' !== $all['api_key'];
	}

	/**
	 * Whether changes made here go to the server.
	 *
	 * @return bool
	 */
	public function sends_changes() {
		$all = $this->all();

		return $this->is_complete() && $all['integration_id'] > 0 && $all['plugin_connection_enabled'] && $all['two_way_sync_enabled'];
	}

	/**
	 * The key in the only form that may be shown.
	 *
	 * @return string Such as `sbk_…wxyz`, or '' when there is no key.
	 */
	public function masked_key() {
		return self::mask( $this->get( 'api_key' ) );
	}

	/**
	 * A key in the only form that may be shown.
	 *
	 * @param string $key The key.
	 * @return string See masked_key().
	 */
	public static function mask( $key ) {
		if ( '' === $key ) {
			return '';
		}

		return strlen( $key ) >= 20 ? substr( $key, 0, 4 ) . '…' . substr( $key, -4 ) : '…';
	}

	/**
	 * A server address as it is stored: scheme, host, port and path, without a slash at the end.
	 *
	 * @param string $url What was entered.
	 * @return string The address; '' when it is not http(s), has no host, or contains credentials.
	 */
	public static function normalize_server_url( $url ) {
		$parts = wp_parse_url( trim( $url ) );
		if ( ! is_array( $parts ) || empty( $parts['scheme'] ) || empty( $parts['host'] ) || isset( $parts['user'] ) ) {
			return '';
		}
		$scheme = strtolower( $parts['scheme'] );
		if ( 'http' !== $scheme && 'https' !== $scheme ) {
			return '';
		}
		$port = isset( $parts['port'] ) ? ':' . $parts['port'] : '';
		$path = isset( $parts['path'] ) ? rtrim( $parts['path'], '/' ) : '';

		return esc_url_raw( $scheme . '://' . strtolower( $parts['host'] ) . $port . $path );
	}
}
