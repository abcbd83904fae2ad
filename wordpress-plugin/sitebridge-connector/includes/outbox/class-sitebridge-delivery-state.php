<?php
/**
 * How sending goes.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Keeps what concerns all messages: whether sending rests or has been stopped, the last answer, and until
 * when the stored key is still taken.
 */
final class Sitebridge_Delivery_State {

	const OPTION = 'sitebridge_connector_delivery';

	const DEFAULTS = array(
		// Unix seconds until which nothing is sent, because the server cannot be reached or asked for it.
		'paused_until'   => 0,
		// How often in a row sending came to rest.
		'pauses'         => 0,
		// Unix seconds of the server's 410, or 0.
		'stopped_at'     => 0,
		// Unix seconds until which the server takes the stored key, which it has replaced; or 0.
		'key_expires_at' => 0,
		// The last answer: HTTP status (0: none), what it means, and unix seconds.
		'status'         => 0,
		'message'        => '',
		'answered_at'    => 0,
	);

	/**
	 * Holds the key, which must not get into the stored words.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Settings $settings The stored connection.
	 */
	public function __construct( Sitebridge_Settings $settings ) {
		$this->settings = $settings;
	}

	/**
	 * All of it.
	 *
	 * @return array The values by name, as in DEFAULTS.
	 */
	public function all() {
		$stored = get_option( self::OPTION, array() );

		return array_merge( self::DEFAULTS, is_array( $stored ) ? array_intersect_key( $stored, self::DEFAULTS ) : array() );
	}

	/**
	 * Stores some values and leaves the others.
	 *
	 * @param array $changes New values by name.
	 */
	public function update( array $changes ) {
		update_option( self::OPTION, array_merge( $this->all(), array_intersect_key( $changes, self::DEFAULTS ) ), false );
	}

	/**
	 * Stores what the server answered.
	 *
	 * @param int    $status  HTTP status, or 0 when no answer came.
	 * @param string $message What it means.
	 */
	public function note_answer( $status, $message ) {
		$this->update(
			array(
				'status'      => $status,
				'message'     => $message,
				'answered_at' => time(),
			)
		);
	}

	/**
	 * Words of another machine: no markup, not endless, and never the key, even if it was sent back.
	 *
	 * @param array $answer As of Sitebridge_Server_Client.
	 * @return string
	 */
	public function words( array $answer ) {
		$words = '';
		foreach ( array( 'message', 'hint' ) as $part ) {
			$words .= ' ' . sanitize_text_field( is_scalar( $answer[ $part ] ) ? (string) $answer[ $part ] : '' );
		}
		$key = $this->settings->get( 'api_key' );

		return mb_substr( trim( '' !== $key ? str_replace( $key, $this->settings->masked_key(), $words ) : $words ), 0, 1000 );
	}

	/**
	 * Forgets what came of earlier tries, so that sending goes on at once. A stop by the server stays.
	 */
	public function forget_failures() {
		$this->update(
			array(
				'paused_until' => 0,
				'pauses'       => 0,
			)
		);
	}

	/**
	 * Forgets everything.
	 */
	public function forget() {
		delete_option( self::OPTION );
	}
}
