<?php
/**
 * The input of the settings form.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads and checks the fields of the settings form. Its caller has verified the form's nonce.
 */
final class Sitebridge_Settings_Form {

	/**
	 * The connection that was entered. An empty key field keeps the stored key, because the page never prints
	 * the key.
	 *
	 * @param array $stored The stored settings.
	 * @return array|string `server_url`, `site_id`, `api_key`, `user_id`, `key_by`; or the code of an input error.
	 */
	public function connection( array $stored ) {
		$entered = $this->field( 'server_url' );
		$server  = Sitebridge_Settings::normalize_server_url( $entered );
		$site_id = $this->field( 'site_id' );
		$key     = $this->field( 'api_key' );
		if ( '' !== $entered && '' === $server ) {
			return 'bad_server';
		}
		if ( '' !== $site_id && 1 !== preg_match( '/^[1-9][0-9]{0,9}$/D', $site_id ) ) {
			return 'bad_site_id';
		}
		if ( 1 === preg_match( '/[^\x21-\x7e]/', $key ) ) {
			return 'bad_key';
		}

		return $this->with_user(
			$stored,
			array(
				'server_url' => $server,
				'site_id'    => (int) $site_id,
				'api_key'    => '' !== $key ? $key : $stored['api_key'],
			),
			'' !== $key
		);
	}

	/**
	 * The two switches.
	 *
	 * @return bool[]
	 */
	public function switches() {
		return array(
			'plugin_connection_enabled' => '' !== $this->field( 'plugin_connection_enabled' ),
			'two_way_sync_enabled'      => '' !== $this->field( 'two_way_sync_enabled' ),
		);
	}

	/**
	 * Adds the mapped user to a connection. Who changes the key or the server can sign requests as the mapped
	 * user. So after any change the user must be one that this person may choose.
	 *
	 * @param array $stored      The stored settings.
	 * @param array $connection  The server, the site and the key.
	 * @param bool  $key_entered Whether a key was entered.
	 * @return array|string See connection().
	 */
	private function with_user( array $stored, array $connection, $key_entered ) {
		$connection['user_id'] = $this->chosen_user( $stored['user_id'] );
		$changed               = array() !== array_diff_assoc( $connection, $stored );
		$connection['key_by']  = self::key_by( $stored['key_by'], $key_entered, $changed );
		if ( ! $changed && $connection['key_by'] === $stored['key_by'] ) {
			return $connection;
		}
		if ( ! Sitebridge_Mapped_User::may_choose( $connection['user_id'] ) ) {
			return 'bad_user';
		}

		return Sitebridge_Mapped_User::may_act( $connection['user_id'], $connection['key_by'] ) ? $connection : 'key_again';
	}

	/**
	 * The chosen user. 0 in the form means the user that the plugin makes.
	 *
	 * @param int $stored The stored user's id, or 0.
	 * @return int
	 */
	private function chosen_user( $stored ) {
		$entered = $this->field( 'user_id' );
		$user_id = '0' === $entered ? Sitebridge_Dedicated_User::find_or_make() : absint( $entered );
		if ( $user_id > 0 ) {
			return $user_id;
		}

		return $stored > 0 ? $stored : get_current_user_id();
	}

	/**
	 * The user who answers for the key after a change. A changed server receives the key. So everyone but a
	 * network administrator answers for the key after any change.
	 *
	 * @param int  $key_by      The user who answered for the stored key.
	 * @param bool $key_entered Whether a key was entered.
	 * @param bool $changed     Whether the key, the server, the site or the user changes.
	 * @return int
	 */
	private static function key_by( $key_by, $key_entered, $changed ) {
		return $key_entered || ( $changed && ! is_super_admin() ) ? get_current_user_id() : $key_by;
	}

	/**
	 * One field of the form, trimmed.
	 *
	 * @param string $name The field's name.
	 * @return string '' when it was not sent.
	 */
	private function field( $name ) {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- the caller verified the nonce.
		return isset( $_POST[ $name ] ) && is_string( $_POST[ $name ] ) ? trim( sanitize_text_field( wp_unslash( $_POST[ $name ] ) ) ) : '';
	}
}
